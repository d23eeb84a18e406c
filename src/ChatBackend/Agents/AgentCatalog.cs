using ChatBackend.Agents.Script;
using ChatBackend.Agents.Tools;
using ChatBackend.Protocol;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ChatBackend.Agents;

/// <summary>The agents of this server, by name: those that the application added and those of its configuration.</summary>
internal sealed class AgentCatalog
{
    public const string Script = "script";

    private readonly Dictionary<string, Agent> _agents;

    /// <exception cref="InvalidOperationException">An agent lacks a model, or has a tool that does not exist or two of one name; or a source has tools for an agent that does not exist.</exception>
    public AgentCatalog(
        IOptions<AgentsOptions> options, IConfiguration configuration, IEnumerable<AgentRegistration> added, ToolCatalog tools,
        ModelProviders providers, IEnumerable<ChatToolSource> sources, IServiceProvider services, TimeProvider clock)
    {
        var chosen = options.Value;
        IReadOnlyList<AgentRegistration> registered = [.. added];
        var names = NamesIn(chosen, registered).ToList();
        _agents = registered.Select(agent => Of(agent, tools, services))
            .Concat(Configured(chosen, configuration, tools, providers, services, clock))
            .ToDictionary(agent => agent.Name);
        if (_agents.Values.SelectMany(CalledBy).FirstOrDefault(call => !_agents.ContainsKey(call.Called)) is { Caller: not null } unknown)
        {
            throw new InvalidOperationException($"The agent {unknown.Caller} calls the agent {unknown.Called}, which does not exist. There are {string.Join(", ", names)}.");
        }

        foreach (var (name, other) in registered.Select(agent => (agent.Name, agent.Fallback)).Concat(chosen.List.Select(agent => (agent.Name, agent.Fallback))).Where(agent => agent.Fallback is { Length: > 0 }))
        {
            _agents[name] = _agents[name] with
            {
                Fallback = other != name && _agents.TryGetValue(other!, out var fallback) ? fallback : throw new InvalidOperationException(
                    $"The agent {name} has the fallback {other}, which is not another agent. There are {string.Join(", ", names)}."),
            };
        }

        var first = chosen.Default is { Length: > 0 } named ? named : names[0];
        Names = [first, .. names.Where(name => name != first)];
        var details = Names.Select(name => _agents[name]).Where(agent => agent.Description is not null || agent.Suggestions.Count > 0).Select(DetailsOf).ToList();
        Details = details.Count > 0 ? details : null;
        foreach (var source in sources)
        {
            source.CheckAgents(Names);
        }
    }

    /// <summary>The default first.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>What clients are told beside the names, in their order; null when there is nothing.</summary>
    public IReadOnlyList<AgentDetails>? Details { get; }

    /// <param name="name">Null for the default.</param>
    /// <returns>Null when there is none of that name.</returns>
    public Agent? Find(string? name) => _agents.GetValueOrDefault(name ?? Names[0]);

    /// <summary>In the order that a list shows them; the built-in script last, since it is for tests.</summary>
    internal static IEnumerable<string> NamesIn(AgentsOptions options, IReadOnlyList<AgentRegistration> added) =>
    [
        .. added.Select(agent => agent.Name),
        .. options.List.Select(endpoint => endpoint.Name),
        .. options.Script.Enabled ? [Script] : Array.Empty<string>(),
    ];

    private static IEnumerable<(string Caller, string Called)> CalledBy(Agent agent) =>
        agent.Tools.Select(tool => tool.GetService<AgentTool>()).OfType<AgentTool>().Select(tool => (agent.Name, tool.Agent));

    private static AgentDetails DetailsOf(Agent agent) => new()
    {
        Agent = agent.Name, Description = agent.Description, Suggestions = agent.Suggestions.Count > 0 ? agent.Suggestions : null,
    };

    private static Agent Of(AgentRegistration added, ToolCatalog tools, IServiceProvider services)
    {
        var model = added.Model?.Invoke(services) ?? services.GetService<IChatClient>()
            ?? throw new InvalidOperationException($"The agent {added.Name} has no model: call UseModel, or register an IChatClient (services.AddChatClient).");
        if (model.GetService<FunctionInvokingChatClient>() is not null)
        {
            throw new InvalidOperationException(
                $"The model of the agent {added.Name} calls tools by itself (UseFunctionInvocation). Leave that out: calls are made, recorded and approved by the run.");
        }

        return new Agent
        {
            Name = added.Name,
            Model = model,
            Instructions = added.Instructions,
            InstructionsFor = added.InstructionsFor,
            Description = added.Description,
            Suggestions = added.Suggestions,
            Limits = added.Limits,
            IsShownHistory = added.IsShownHistory,
            Price = added.Price,
            Window = WindowOf(added.ContextTokens, model, added.AnswerTokens),
            Summarizes = added.Summarizes,
            Tools = Unique(added.Name, [.. added.Tools.Select(tool => tool.Create(services)), .. added.SharedTools.Select(name => tools.Find(name, added.Name))]),
        };
    }

    private static ContextWindow WindowOf(int? said, IChatClient model, int answerTokens) =>
        new(said ?? KnownContexts.Find(model.GetService<ChatClientMetadata>()?.DefaultModelId), answerTokens);

    private static IReadOnlyList<AIFunction> Unique(string agent, IReadOnlyList<AIFunction> tools) =>
        tools.GroupBy(tool => tool.Name).FirstOrDefault(same => same.Count() > 1) is { } twice
            ? throw new InvalidOperationException($"The agent {agent} has more than one tool called {twice.Key}.")
            : tools;

    private static IEnumerable<Agent> Configured(
        AgentsOptions options, IConfiguration configuration, ToolCatalog tools, ModelProviders providers, IServiceProvider services, TimeProvider clock)
    {
        foreach (var endpoint in options.List)
        {
            var model = providers.Connect(endpoint, configuration, services);
            yield return new Agent
            {
                Name = endpoint.Name,
                Model = model,
                Instructions = endpoint.Instructions,
                Description = endpoint.Description,
                Suggestions = [.. endpoint.Suggestions],
                Price = endpoint.Price,
                Window = WindowOf(endpoint.ContextTokens, model, endpoint.AnswerTokens),
                Summarizes = endpoint.Summarize,
                Tools = [.. endpoint.Tools.Select(name => tools.Find(name, endpoint.Name))],
            };
        }

        if (options.Script.Enabled)
        {
            var script = new ScriptModel(clock);
            yield return new Agent { Name = Script, Model = script, IsShownHistory = false, ToolFor = script.ToolFor };
        }
    }
}
