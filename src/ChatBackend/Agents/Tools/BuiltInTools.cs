using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Tools;

/// <summary>The tools that configuration may give to an agent, by name.</summary>
internal sealed class BuiltInTools
{
    public const string Clock = "clock";
    public const string Calculator = "calculator";
    public const string SearchThreads = "search_threads";

    public static readonly IReadOnlyList<string> Names = [Clock, Calculator, SearchThreads];

    private readonly AIFunction _clock;
    private readonly AIFunction _calculator = CalculatorTool.Create();
    private readonly AIFunction _searchThreads = ThreadSearchTool.Create();

    public BuiltInTools(TimeProvider clock, Places places) => _clock = ClockTool.Create(clock, places);

    public IReadOnlyList<AIFunction> All => [_clock, _calculator, _searchThreads];
}
