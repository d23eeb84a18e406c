using System.Globalization;
using System.Text;
using System.Text.Json;
using ChatBackend.Benchmarks.Servers;

namespace ChatBackend.Benchmarks.Report;

/// <summary>All that one run measured: figures against their bars first, then every table. Printed as it comes, written as JSON and as Markdown.</summary>
internal sealed class Results
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly List<Table> _tables = [];
    private readonly List<Figure> _figures = [];
    private readonly List<string> _notes = [];

    public IReadOnlyList<Figure> Figures => _figures;

    public void Add(Table table)
    {
        _tables.Add(table);
        Console.WriteLine();
        Console.WriteLine(Markdown(table));
    }

    public void Add(Figure figure)
    {
        _figures.Add(figure);
        Console.WriteLine($"  {figure.Name}: {figure.MedianText} ({figure.SpreadText}); bar {figure.BarText}, stretch {figure.StretchText}: {figure.Verdict}");
    }

    /// <summary>Something the reader must know to believe a number.</summary>
    public void Note(string note)
    {
        _notes.Add(note);
        Console.WriteLine($"  {note}");
    }

    public string Markdown()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Cores.Model()}, .NET {Environment.Version}. Medians of the rounds, and their spread.\n\n");
        text.Append("| figure | median | spread | bar | stretch | |\n|---|---|---|---|---|---|\n");
        foreach (var figure in _figures)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {figure.Name} | {figure.MedianText} | {figure.SpreadText} | {figure.BarText} | {figure.StretchText} | {figure.Verdict} |\n");
        }

        foreach (var note in _notes)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{note}\n");
        }

        foreach (var table in _tables)
        {
            text.Append('\n').Append(Markdown(table));
        }

        return text.ToString();
    }

    public void Write(DirectoryInfo directory)
    {
        directory.Create();
        File.WriteAllText(Path.Combine(directory.FullName, "results.md"), Markdown());
        File.WriteAllText(Path.Combine(directory.FullName, "results.json"), JsonSerializer.Serialize(
            new
            {
                Machine = Cores.Model(),
                Runtime = Environment.Version.ToString(),
                Figures = _figures.Select(figure => new { figure.Name, figure.Unit, figure.Median, figure.Values, figure.Bar, figure.Stretch, figure.Verdict }),
                Notes = _notes,
                Tables = _tables.Select(table => new
                {
                    table.Name,
                    table.About,
                    Rows = table.Contestants.Select(contestant => new
                    {
                        Contestant = contestant,
                        Metrics = table.Metrics.Where(metric => table.Values(contestant, metric).Count > 0)
                            .ToDictionary(metric => metric, metric => table.Values(contestant, metric)),
                    }),
                }),
            },
            Json));
    }

    private static string Markdown(Table table)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"### {table.Name}\n\n{table.About}\n\n| | {string.Join(" | ", table.Metrics)} |\n|---|{string.Concat(table.Metrics.Select(_ => "---|"))}\n");
        foreach (var contestant in table.Contestants)
        {
            var cells = table.Metrics.Select(metric => Cell(table.Values(contestant, metric)));
            text.Append(CultureInfo.InvariantCulture, $"| {contestant} | {string.Join(" | ", cells)} |\n");
        }

        return text.ToString();
    }

    private static string Cell(IReadOnlyList<double> values) => values.Count switch
    {
        0 => "",
        1 => Figure.Number(values[0]),
        _ => $"{Figure.Number(Statistics.Median(values))} ({Figure.Number(values.Min())} – {Figure.Number(values.Max())})",
    };
}
