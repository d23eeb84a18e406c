using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace ChatBackend.Mutation;

/// <summary>How a method comes back without having done its work.</summary>
internal static class Returns
{
    private const string Tasks = "global::System.Threading.Tasks.";

    /// <summary>The statement that leaves a method's body at once; null where the block is not such a body.</summary>
    public static StatementSyntax? Early(BlockSyntax body)
    {
        (TypeSyntax Type, SyntaxTokenList Modifiers)? method = body.Parent switch
        {
            MethodDeclarationSyntax declared => (declared.ReturnType, declared.Modifiers),
            LocalFunctionStatementSyntax local => (local.ReturnType, local.Modifiers),
            AccessorDeclarationSyntax { RawKind: (int)SyntaxKind.GetAccessorDeclaration, Parent.Parent: PropertyDeclarationSyntax property } => (property.Type, default),
            _ => null,
        };
        if (method is null)
        {
            return null;
        }

        var isIterator = body.DescendantNodes(node => node is not (LocalFunctionStatementSyntax or AnonymousFunctionExpressionSyntax)).OfType<YieldStatementSyntax>().Any();
        var isAsync = method.Value.Modifiers.Any(SyntaxKind.AsyncKeyword);
        return isIterator ? ParseStatement("yield break;")
            : ValueOf(method.Value.Type, isAsync) is { } value ? ParseStatement($"return {value};")
            : ParseStatement("return;");
    }

    /// <summary>What stands for the value of a member that is one expression; null where it has none.</summary>
    public static ExpressionSyntax? Default(ArrowExpressionClauseSyntax arrow)
    {
        if (arrow.Expression is LiteralExpressionSyntax or ThrowExpressionSyntax or AssignmentExpressionSyntax)
        {
            return null;
        }

        var value = arrow.Parent switch
        {
            MethodDeclarationSyntax method => ValueOf(method.ReturnType, method.Modifiers.Any(SyntaxKind.AsyncKeyword)),
            LocalFunctionStatementSyntax local => ValueOf(local.ReturnType, local.Modifiers.Any(SyntaxKind.AsyncKeyword)),
            PropertyDeclarationSyntax property => ValueOf(property.Type, isAsync: false),
            _ => null,
        };
        return value is null ? null : ParseExpression(value);
    }

    private static string? ValueOf(TypeSyntax type, bool isAsync) => (type.ToString(), isAsync) switch
    {
        ("void", _) or ("Task" or "ValueTask", true) => null,
        ("Task", false) => $"{Tasks}Task.CompletedTask",
        (_, false) when type is GenericNameSyntax { Identifier.Text: "Task" } task => $"{Tasks}Task.FromResult<{task.TypeArgumentList.Arguments[0]}>(default!)",
        ("bool", _) => "false",
        _ => "default!",
    };
}
