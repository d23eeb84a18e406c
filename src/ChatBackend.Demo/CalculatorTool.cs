using System.ComponentModel;

namespace ChatBackend.Demo;

/// <summary>Calculates with decimals, so that 0.1 + 0.2 is 0.3.</summary>
internal static class CalculatorTool
{
    public const string Name = "calculator";

    public static Answer Calculate([Description("Numbers, + - * / % ^ and parentheses: (1 + 2) * 3^2")] string expression) =>
        new(expression, Arithmetic.Evaluate(expression));

    /// <param name="Result">A string: up to 29 digits, more than a JSON number keeps in most readers.</param>
    internal sealed record Answer(string Expression, string Result);
}
