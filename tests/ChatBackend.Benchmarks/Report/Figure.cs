using System.Globalization;

namespace ChatBackend.Benchmarks.Report;

/// <summary>A figure that is held to a bar.</summary>
/// <param name="Values">One a round.</param>
/// <param name="Unit">Behind the number: <c>×</c>, <c>KB</c>, <c>s</c>.</param>
/// <param name="Bar">What is promised; null where the figure is only shown.</param>
/// <param name="Stretch">What would be better still.</param>
/// <param name="More">More is better.</param>
internal sealed record Figure(string Name, IReadOnlyList<double> Values, string Unit, double? Bar, double? Stretch, bool More = false)
{
    public double Median => Statistics.Median(Values);

    public bool IsMissed => Bar is { } bar && !Meets(bar);

    public string Verdict => (Bar, Stretch) switch
    {
        _ when IsMissed => "MISSED",
        (null, _) => "shown",
        (_, { } stretch) when Meets(stretch) => "stretch",
        _ => "bar",
    };

    public string BarText => Bar is { } bar ? Text(bar) : "–";

    public string StretchText => Stretch is { } stretch ? Text(stretch) : "–";

    public string MedianText => Number(Median) + " " + Unit;

    public string SpreadText => $"{Number(Values.Min())} – {Number(Values.Max())}";

    public static string Number(double value) => value switch
    {
        >= 1000 or <= -1000 => value.ToString("N0", CultureInfo.InvariantCulture),
        >= 100 or <= -100 => value.ToString("0", CultureInfo.InvariantCulture),
        >= 10 or <= -10 => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.ToString("0.00", CultureInfo.InvariantCulture),
    };

    private bool Meets(double limit) => More ? Median >= limit : Median <= limit;

    private string Text(double limit) => $"{(More ? "≥" : "≤")} {limit.ToString(CultureInfo.InvariantCulture)} {Unit}";
}
