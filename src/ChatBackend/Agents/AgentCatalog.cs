using System.ClientModel;
using System.ClientModel.Primitives;
using ChatBackend.Agents.Demo;
using ChatBackend.Agents.Script;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using OpenAI;

namespace ChatBackend.Agents;

/// <summary>The agents of this server, by name.</summary>
internal sealed class AgentCatalog
{
    private const int Retries = 2;

    private readonly Dictionary<string, Agent> _agents;

    public AgentCatalog(IOptions<AgentsOptions> options, IConfiguration configuration, BuiltInTools tools, TimeProvider clock)
    {
        Names = NamesOf(options.Value);
        _agents = options.Value.List.Select(entry => OpenAiCompatible(entry, configuration, tools)).ToDictionary(agent => agent.Name);
        if (options.Value.Demo.Enabled)
        {
            _agents.Add(DemoModel.Name, new Agent { Name = DemoModel.Name, Model = new DemoModel(), Tools = [.. BuiltInTools.Names.Select(name => tools.Find(name)!)] });
        }

        if (options.Value.Script.Enabled)
        {
            _agents.Add(ScriptModel.Name, new Agent { Name = ScriptModel.Name, Model = new ScriptModel(clock), ToolFor = call => ScriptTool.For(call, clock) });
        }
    }

    /// <summary>The default first.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <param name="name">Null for the default.</param>
    public Agent? Find(string? name) => _agents.GetValueOrDefault(name ?? Names[0]);

    internal static List<string> NamesOf(AgentsOptions options)
    {
        List<string> names =
        [
            .. options.Demo.Enabled ? new[] { DemoModel.Name } : [],
            .. options.List.Select(entry => entry.Name),
            .. options.Script.Enabled ? new[] { ScriptModel.Name } : [],
        ];
        if (options.Default is { Length: > 0 } preferred && names.Remove(preferred))
        {
            names.Insert(0, preferred);
        }

        return names;
    }

    private static Agent OpenAiCompatible(AgentsOptions.Entry entry, IConfiguration configuration, BuiltInTools tools)
    {
        // An endpoint without a key gets a word in its place: the client library insists on one.
        var key = entry.KeyFrom is { Length: > 0 } variable ? configuration[variable]! : "none";
        var client = new OpenAIClient(new ApiKeyCredential(key), new OpenAIClientOptions
        {
            Endpoint = new Uri(entry.Endpoint),
            RetryPolicy = new ClientRetryPolicy(Retries),
            ClientLoggingOptions = new ClientLoggingOptions { EnableLogging = false },
        });
        return new Agent
        {
            Name = entry.Name,
            Model = client.GetChatClient(entry.Model).AsIChatClient(),
            Instructions = entry.Instructions,
            Tools = [.. entry.Tools.Select(name => tools.Find(name)!)],
        };
    }
}
