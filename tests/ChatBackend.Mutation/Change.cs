using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace ChatBackend.Mutation;

/// <summary>One way to break a node.</summary>
/// <param name="Text">What is changed, where the node's own text says too much.</param>
/// <param name="Apply">Of the node as it is by now, as it was before its own changes, and the question whether the mutant is on.</param>
internal sealed record Change(string Kind, string? Text, Func<SyntaxNode, SyntaxNode, ExpressionSyntax, SyntaxNode> Apply)
{
    /// <summary>Another value of an expression.</summary>
    public static Change Value(string kind, Func<SyntaxNode, ExpressionSyntax> mutated, string? text = null) => new(kind, text, (current, before, isOn) =>
        Enclosed(ConditionalExpression(isOn, Enclosed(mutated(before)), Enclosed((ExpressionSyntax)current))));

    /// <summary>The opposite of a condition. Written so that a variable that the condition declares is not declared twice.</summary>
    public static Change Opposite(string kind) => new(kind, null, (current, _, isOn) =>
        Enclosed(BinaryExpression(SyntaxKind.NotEqualsExpression, Enclosed((ExpressionSyntax)current), isOn)));

    public static Change Never { get; } = new("never", null, (current, _, isOn) =>
        Enclosed(BinaryExpression(SyntaxKind.LogicalAndExpression, Enclosed((ExpressionSyntax)current), Not(isOn))));

    public static Change Always { get; } = new("always", null, (current, _, isOn) =>
        Enclosed(BinaryExpression(SyntaxKind.LogicalOrExpression, Enclosed((ExpressionSyntax)current), isOn)));

    public static Change Dropped(string kind) => new(kind, null, (current, _, isOn) =>
        Block(IfStatement(Not(isOn), Block((StatementSyntax)current))).NormalizeOnOneLine());

    public static ExpressionSyntax Enclosed(ExpressionSyntax expression) => ParenthesizedExpression(expression.WithoutTrivia());

    public static ExpressionSyntax Not(ExpressionSyntax expression) => PrefixUnaryExpression(SyntaxKind.LogicalNotExpression, expression);
}

internal static class SyntaxText
{
    /// <summary>Tokens that were made have no spaces between them; those that were there keep theirs, and the text of a string stays as it is.</summary>
    public static T NormalizeOnOneLine<T>(this T node) where T : SyntaxNode => node.ReplaceTokens(
        node.DescendantTokens().Where(token => !token.Parent!.AncestorsAndSelf().OfType<InterpolatedStringExpressionSyntax>().Any()),
        (token, _) => token.HasTrailingTrivia ? token : token.WithTrailingTrivia(Space));
}
