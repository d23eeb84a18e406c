using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChatBackend.Mutation;

/// <summary>Finds the mutants of a file, and writes the chosen ones into it, each behind a switch of its own.</summary>
internal sealed class Rewriter(Area area, string file, IReadOnlySet<string> logMethods, IReadOnlyDictionary<string, int> numbers) : CSharpSyntaxRewriter
{
    /// <summary>What a mutant asks whether it is on.</summary>
    public const string Switch = "global::ChatBackend.Protocol.Mutants.Is";

    private readonly Dictionary<string, int> _alike = [];

    public List<Mutant> Found { get; } = [];

    public override SyntaxNode? Visit(SyntaxNode? node)
    {
        if (node is null || IsFixed(node) || IsLogging(node))
        {
            return node;
        }

        // Numbered before the children are visited, so that the order is that of the text.
        var changes = Changes.Of(node).Select(change => (change, Key: KeyOf(node, change))).ToList();
        foreach (var (_, key) in changes)
        {
            Found.Add(new Mutant(area, key, file, node.GetLocation().GetLineSpan().StartLinePosition.Line + 1, IsStatic(node)));
        }

        var visited = base.Visit(node)!;
        var current = visited;
        foreach (var (change, key) in changes)
        {
            if (numbers.TryGetValue(key, out var number))
            {
                current = change.Apply(current, visited, SyntaxFactory.ParseExpression($"{Switch}({number})"));
            }
        }

        return ReferenceEquals(current, node) ? node : current.WithTriviaFrom(node);
    }

    private string KeyOf(SyntaxNode node, Change change)
    {
        var text = string.Join(' ', (change.Text ?? node.ToString()).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        var key = $"{file}: {MemberOf(node)}: {change.Kind}: {(text.Length > 110 ? text[..110] + "…" : text)}";
        var count = _alike[key] = _alike.GetValueOrDefault(key) + 1;
        return count == 1 ? key : $"{key} #{count}";
    }

    private static string MemberOf(SyntaxNode node) => node.AncestorsAndSelf().OfType<MemberDeclarationSyntax>().FirstOrDefault() switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        PropertyDeclarationSyntax property => property.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
        FieldDeclarationSyntax field => field.Declaration.Variables[0].Identifier.Text,
        BaseTypeDeclarationSyntax type => type.Identifier.Text,
        _ => "-",
    };

    private static bool IsStatic(SyntaxNode node) => node.AncestorsAndSelf().OfType<MemberDeclarationSyntax>().First() switch
    {
        FieldDeclarationSyntax field => field.Modifiers.Any(SyntaxKind.StaticKeyword),
        PropertyDeclarationSyntax { Initializer: not null } property => property.Modifiers.Any(SyntaxKind.StaticKeyword),
        _ => false,
    };

    /// <summary>What must stay a constant, or is a pattern.</summary>
    private static bool IsFixed(SyntaxNode node) => node switch
    {
        AttributeListSyntax or SwitchLabelSyntax or EnumMemberDeclarationSyntax or PatternSyntax => true,
        FieldDeclarationSyntax field => field.Modifiers.Any(SyntaxKind.ConstKeyword),
        LocalDeclarationStatementSyntax local => local.Modifiers.Any(SyntaxKind.ConstKeyword),
        EqualsValueClauseSyntax value => value.Parent is ParameterSyntax,
        _ => false,
    };

    /// <summary>Lines of the log are read by people, and held to by tests only where a document promises them.</summary>
    private bool IsLogging(SyntaxNode node) => node is ExpressionStatementSyntax { Expression: InvocationExpressionSyntax call } && call.Expression switch
    {
        IdentifierNameSyntax name => logMethods.Contains(name.Identifier.Text),
        MemberAccessExpressionSyntax { Name.Identifier.Text: var name } => name.StartsWith("Log", StringComparison.Ordinal),
        _ => false,
    };

    /// <summary>Names of the methods that only write to the log.</summary>
    public static IEnumerable<string> LogMethodsOf(SyntaxNode root) => root.DescendantNodes().OfType<MethodDeclarationSyntax>()
        .Where(method => method.AttributeLists.SelectMany(list => list.Attributes).Any(attribute => attribute.Name.ToString() == "LoggerMessage"))
        .Select(method => method.Identifier.Text);
}
