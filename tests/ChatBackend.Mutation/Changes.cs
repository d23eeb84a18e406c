using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace ChatBackend.Mutation;

/// <summary>What a tired developer gets wrong, node by node.</summary>
internal static class Changes
{
    public static IEnumerable<Change> Of(SyntaxNode node) => node switch
    {
        StatementSyntax statement => OfStatement(statement),
        ExpressionSyntax expression => OfExpression(expression),
        FinallyClauseSyntax => [new Change("finally dropped", null, FinallyDropped)],
        CatchClauseSyntax { Declaration: var caught } => [new Change("not caught", caught?.ToString() ?? "catch", NotCaught)],
        ArrowExpressionClauseSyntax arrow when Returns.Default(arrow) is { } value =>
            [new Change("returns default", null, (current, _, isOn) => ArrowExpressionClause(
                ConditionalExpression(isOn, value, Change.Enclosed(((ArrowExpressionClauseSyntax)current).Expression))).NormalizeOnOneLine())],
        _ => [],
    };

    private static IEnumerable<Change> OfStatement(StatementSyntax statement)
    {
        switch (statement)
        {
            case ExpressionStatementSyntax declaring when Declares(declaring):
                break; // the rest of the method does not compile without it
            case ExpressionStatementSyntax { Expression: AwaitExpressionSyntax }:
                yield return Change.Dropped("dropped");
                yield return new Change("not awaited", null, NotAwaited);
                break;
            case ExpressionStatementSyntax:
            case ThrowStatementSyntax { Expression: not null }:
            case ReturnStatementSyntax { Expression: null }:
            case ReturnStatementSyntax { Parent: BlockSyntax { Parent: IfStatementSyntax } }:
            case ContinueStatementSyntax:
            case BreakStatementSyntax { Parent: not SwitchSectionSyntax }:
                yield return Change.Dropped("dropped");
                break;
            case BlockSyntax { Statements.Count: > 1 } block when Returns.Early(block) is { } early:
                yield return new Change("returns at once", (block.Parent as MethodDeclarationSyntax)?.Identifier.Text ?? "", (current, _, isOn) =>
                    ((BlockSyntax)current).WithStatements(((BlockSyntax)current).Statements.Insert(0, IfStatement(isOn, Block(early)).NormalizeOnOneLine())));
                break;
        }
    }

    private static IEnumerable<Change> OfExpression(ExpressionSyntax expression)
    {
        switch (expression)
        {
            case BinaryExpressionSyntax binary when OtherOf(binary.Kind()) is { } other:
                yield return Change.Value($"{binary.OperatorToken} to {TokenOf(other)}", before => With((BinaryExpressionSyntax)before, other));
                break;
            case BinaryExpressionSyntax binary when binary.IsKind(SyntaxKind.LogicalAndExpression) || binary.IsKind(SyntaxKind.LogicalOrExpression):
                if (Declares(binary))
                {
                    yield return Forced(binary);
                }
                else
                {
                    var swapped = binary.IsKind(SyntaxKind.LogicalAndExpression) ? SyntaxKind.LogicalOrExpression : SyntaxKind.LogicalAndExpression;
                    yield return Change.Value($"{binary.OperatorToken} to {TokenOf(swapped)}", before => With((BinaryExpressionSyntax)before, swapped));
                }

                break;
            case BinaryExpressionSyntax { RawKind: (int)SyntaxKind.CoalesceExpression, Right: not ThrowExpressionSyntax }:
                yield return Change.Value("what stands in always", before => ((BinaryExpressionSyntax)before).Right);
                break;
            case BinaryExpressionSyntax binary when binary.IsKind(SyntaxKind.EqualsExpression) || binary.IsKind(SyntaxKind.NotEqualsExpression):
            case PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.LogicalNotExpression }:
                yield return Change.Opposite("negated");
                yield break; // also where it is a condition
            case IsPatternExpressionSyntax:
                yield return Declares(expression) ? Forced(expression) : Change.Opposite("negated");
                yield break;
            case LiteralExpressionSyntax literal when literal.IsKind(SyntaxKind.TrueLiteralExpression) || literal.IsKind(SyntaxKind.FalseLiteralExpression):
                if (expression.Parent is not WhileStatementSyntax)
                {
                    yield return Change.Opposite("negated");
                }

                yield break;
            case LiteralExpressionSyntax { Token.Value: int number }:
                var wrong = number > 2 ? 0 : number + 1; // a bound of 257 for 256 is nobody's mistake
                yield return Change.Value($"{number} to {wrong}", _ => LiteralExpression(SyntaxKind.NumericLiteralExpression, Literal(wrong)), expression.Parent?.ToString());
                break;
            case InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.Text: "Math" }, Name.Identifier.Text: "Min" or "Max" } }:
                yield return Change.Value("Min and Max swapped", MinMaxSwapped);
                break;
        }

        if (IsCondition(expression) && !(expression is BinaryExpressionSyntax && Declares(expression)))
        {
            yield return Declares(expression) ? Forced(expression) : Change.Opposite("negated");
        }
    }

    private static bool IsCondition(ExpressionSyntax expression) => expression.Parent switch
    {
        IfStatementSyntax statement => statement.Condition == expression,
        WhileStatementSyntax loop => loop.Condition == expression,
        ConditionalExpressionSyntax choice => choice.Condition == expression,
        CatchFilterClauseSyntax or WhenClauseSyntax => true,
        _ => false,
    };

    private static bool Declares(SyntaxNode node) =>
        node.DescendantNodes().Any(inner => inner is SingleVariableDesignationSyntax);

    /// <summary>A condition that declares a variable keeps the outcome in which the variable has no value, or the rest does not compile.</summary>
    private static Change Forced(ExpressionSyntax condition) =>
        condition is IsPatternExpressionSyntax { Pattern: UnaryPatternSyntax } || condition.IsKind(SyntaxKind.LogicalOrExpression) ? Change.Always : Change.Never;

    private static SyntaxKind? OtherOf(SyntaxKind kind) => kind switch
    {
        SyntaxKind.LessThanExpression => SyntaxKind.LessThanOrEqualExpression,
        SyntaxKind.LessThanOrEqualExpression => SyntaxKind.LessThanExpression,
        SyntaxKind.GreaterThanExpression => SyntaxKind.GreaterThanOrEqualExpression,
        SyntaxKind.GreaterThanOrEqualExpression => SyntaxKind.GreaterThanExpression,
        SyntaxKind.AddExpression => SyntaxKind.SubtractExpression,
        SyntaxKind.SubtractExpression => SyntaxKind.AddExpression,
        SyntaxKind.MultiplyExpression => SyntaxKind.DivideExpression,
        SyntaxKind.DivideExpression => SyntaxKind.MultiplyExpression,
        _ => null,
    };

    private static string TokenOf(SyntaxKind kind) => BinaryExpression(kind, IdentifierName("a"), IdentifierName("b")).OperatorToken.Text;

    private static BinaryExpressionSyntax With(BinaryExpressionSyntax binary, SyntaxKind kind) =>
        BinaryExpression(kind, Change.Enclosed(binary.Left), Change.Enclosed(binary.Right));

    private static ExpressionSyntax MinMaxSwapped(SyntaxNode node)
    {
        var call = (InvocationExpressionSyntax)node;
        var access = (MemberAccessExpressionSyntax)call.Expression;
        return call.WithExpression(access.WithName(IdentifierName(access.Name.Identifier.Text == "Min" ? "Max" : "Min")));
    }

    private static BlockSyntax NotAwaited(SyntaxNode current, SyntaxNode before, ExpressionSyntax isOn)
    {
        var awaited = ((AwaitExpressionSyntax)((ExpressionStatementSyntax)before).Expression).Expression;
        var forgotten = ExpressionStatement(AssignmentExpression(SyntaxKind.SimpleAssignmentExpression, IdentifierName("_"), awaited.WithoutTrivia()));
        return Block(IfStatement(isOn, Block(forgotten), ElseClause(Block((StatementSyntax)current)))).NormalizeOnOneLine();
    }

    private static FinallyClauseSyntax FinallyDropped(SyntaxNode current, SyntaxNode before, ExpressionSyntax isOn)
    {
        var clause = (FinallyClauseSyntax)current;
        return clause.WithBlock(Block(IfStatement(Change.Not(isOn), clause.Block)).NormalizeOnOneLine());
    }

    private static CatchClauseSyntax NotCaught(SyntaxNode current, SyntaxNode before, ExpressionSyntax isOn)
    {
        var clause = (CatchClauseSyntax)current;
        var filter = clause.Filter is { } known
            ? BinaryExpression(SyntaxKind.LogicalAndExpression, Change.Not(isOn), Change.Enclosed(known.FilterExpression))
            : Change.Not(isOn);
        return clause.WithFilter(CatchFilterClause(filter).NormalizeOnOneLine());
    }
}
