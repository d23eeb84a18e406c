using ChatBackend.Agents.Demo;
using ChatBackend.Agents.Endpoints;
using ChatBackend.Agents.Script;
using ChatBackend.Agents.Tools;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ChatBackend.Agents;

/// <summary>The agents of this server, by name, as configuration says.</summary>
internal sealed class AgentCatalog
{
    public const string Demo = "demo";
    public const string Script = "script";

    private readonly Dictionary<string, Agent> _agents;

    public AgentCatalog(IOptions<AgentsOptions> options, IConfiguration configuration, BuiltInTools tools, TimeProvider clock)
    {
        var chosen = options.Value;
        _agents = Agents(chosen, configuration, tools, clock).ToDictionary(agent => agent.Name);
        var names = NamesIn(chosen).ToList();
        var first = chosen.Default is { Length: > 0 } named ? named : names[0];
        Names = [first, .. names.Where(name => name != first)];
    }

    /// <summary>The default first.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <param name="name">Null for the default.</param>
    /// <returns>Null when there is none of that name.</returns>
    public Agent? Find(string? name) => _agents.GetValueOrDefault(name ?? Names[0]);

    /// <summary>In the order that a list shows them; the built-in script last, since nobody talks to it.</summary>
    internal static IEnumerable<string> NamesIn(AgentsOptions options) =>
    [
        .. options.Demo.Enabled ? [Demo] : Array.Empty<string>(),
        .. options.List.Select(endpoint => endpoint.Name),
        .. options.Script.Enabled ? [Script] : Array.Empty<string>(),
    ];

    private static IEnumerable<Agent> Agents(AgentsOptions options, IConfiguration configuration, BuiltInTools tools, TimeProvider clock)
    {
        if (options.Demo.Enabled)
        {
            yield return new Agent { Name = Demo, Model = new DemoModel(), IsShownHistory = false, Tools = tools.All };
        }

        foreach (var endpoint in options.List)
        {
            var key = endpoint.KeyFrom is { Length: > 0 } variable ? AgentKeys.Find(configuration, variable) : null;
            yield return new Agent
            {
                Name = endpoint.Name,
                Model = EndpointModel.Connect(endpoint, key, clock),
                Instructions = endpoint.Instructions,
                Tools = [.. endpoint.Tools.Select(tools.Named)],
            };
        }

        if (options.Script.Enabled)
        {
            var script = new ScriptModel(clock);
            yield return new Agent { Name = Script, Model = script, IsShownHistory = false, ToolFor = script.ToolFor };
        }
    }
}
