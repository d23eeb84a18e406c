using System.ComponentModel;
using System.Text.Json;
using ChatBackend.Agents.Demo;
using ChatBackend.Runs;
using ChatBackend.Storage;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Agents;

/// <summary>Tools that need nothing from outside. Whose threads are searched comes from the run, never from the model.</summary>
internal sealed class BuiltInTools
{
    public const string Clock = "clock";
    public const string Calculator = "calculator";
    public const string SearchThreads = "search_threads";

    private const int MaxHits = 5;
    private const int MaxHitLength = 300;

    private readonly WorldClock _clock;
    private readonly Dictionary<string, AIFunction> _tools;

    public BuiltInTools(TimeProvider clock)
    {
        _clock = new WorldClock(clock);
        _tools = new Dictionary<string, AIFunction>
        {
            [Clock] = AIFunctionFactory.Create(TimeIn, Clock, "The date and time of day in a city or time zone."),
            [Calculator] = AIFunctionFactory.Create(Calculate, Calculator, "The value of an arithmetic expression with + - * / % ^ and parentheses."),
            [SearchThreads] = AIFunctionFactory.Create(SearchAsync, SearchThreads, "Searches the user's own threads."),
        };
    }

    public static IReadOnlyList<string> Names { get; } = [Clock, Calculator, SearchThreads];

    public AIFunction? Find(string name) => _tools.GetValueOrDefault(name);

    private PlaceTime TimeIn([Description("A city such as Tokyo, or a zone such as Europe/Berlin")] string place) => _clock.In(place);

    private static CalculatorResult Calculate([Description("The expression, such as (2 + 3) * 4")] string expression) =>
        new(expression, Arithmetic.Evaluate(expression));

    private static async Task<SearchResult> SearchAsync(
        [Description("Words that the text must hold")] string query, IServiceProvider services, CancellationToken cancellationToken)
    {
        var run = services.GetRequiredService<RunContext>();
        var hits = await services.GetRequiredService<IEventLog>().SearchAsync(run.User, query, MaxHits, cancellationToken);
        return new SearchResult(query, [.. hits
            .Select(hit => new FoundText(hit.Thread.Value, hit.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm"), Shortened(hit.Text)))]);
    }

    private static string Shortened(string text)
    {
        if (text.Length <= MaxHitLength)
        {
            return text;
        }

        return text[..(char.IsHighSurrogate(text[MaxHitLength - 1]) ? MaxHitLength - 1 : MaxHitLength)] + "…";
    }

    internal sealed record CalculatorResult(string Expression, decimal Value);

    internal sealed record SearchResult(string Query, IReadOnlyList<FoundText> Hits);

    internal sealed record FoundText(string Thread, string At, string Text);
}
