using System.ComponentModel;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Tools;

/// <summary>Calculates with decimals, so that 0.1 + 0.2 is 0.3.</summary>
internal static class CalculatorTool
{
    public static AIFunction Create() => AIFunctionFactory.Create(
        ([Description("Numbers, + - * / % ^ and parentheses: (1 + 2) * 3^2")] string expression) =>
            new Answer(expression, Arithmetic.Evaluate(expression)),
        BuiltInTools.Calculator,
        "The value of an arithmetic expression.");

    /// <param name="Result">A string: up to 29 digits, more than a JSON number keeps in most readers.</param>
    internal sealed record Answer(string Expression, string Result);
}
