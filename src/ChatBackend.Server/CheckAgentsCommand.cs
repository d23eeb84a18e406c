using ChatBackend.Agents;

namespace ChatBackend.Server;

/// <summary><c>--check-agents</c>: asks the model of each agent one thing instead of serving, and says what it got. The server may run meanwhile.</summary>
internal static class CheckAgentsCommand
{
    private const string Name = "--check-agents";

    public static bool IsOne(IReadOnlyList<string> args) => args.Contains(Name);

    /// <summary>The settings among the arguments.</summary>
    public static string[] Settings(IReadOnlyList<string> args) => [.. args.Where(arg => arg != Name)];

    /// <returns>0 when every agent answers.</returns>
    public static async Task<int> RunAsync(IServiceProvider services, TextWriter output, CancellationToken cancellationToken)
    {
        var check = ActivatorUtilities.CreateInstance<AgentCheck>(services);
        var results = await check.RunAsync(cancellationToken);
        var width = results.Max(result => result.Agent.Length);
        foreach (var result in results)
        {
            output.WriteLine($"{result.Agent.PadRight(width)}  {(result.Works ? "ok    " : "failed")}  {result.What}");
        }

        return results.All(result => result.Works) ? 0 : 1;
    }
}
