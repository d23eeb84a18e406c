using ChatBackend.Agents.Endpoints;
using ChatBackend.Agents.Tools;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ChatBackend.Agents;

/// <summary>What attributes say about each setting.</summary>
[OptionsValidator]
internal sealed partial class AgentsOptionsFields : IValidateOptions<AgentsOptions>;

/// <summary>What attributes cannot say: whether the settings fit one another and the machine.</summary>
internal sealed class AgentsOptionsValidator(IConfiguration configuration, IEnumerable<AgentRegistration> added, IEnumerable<ToolRegistration> tools, ModelProviders providers) : IValidateOptions<AgentsOptions>
{
    private readonly IReadOnlyList<AgentRegistration> _added = [.. added];
    private readonly IReadOnlyList<string> _tools = [ThreadSearchTool.Name, .. tools.Select(tool => tool.Name)];

    public ValidateOptionsResult Validate(string? name, AgentsOptions options)
    {
        var problems = options.List.SelectMany(Problems).Concat(FallbackProblems(options)).Concat(NameProblems(options)).ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private IEnumerable<string> Problems(ModelEndpointOptions endpoint, int index)
    {
        var where = $"{AgentsOptions.Section}:List:{index}";
        foreach (var problem in ModelEndpointProblems.Of(endpoint))
        {
            yield return $"{where}:{problem}";
        }

        if (providers.Find(endpoint.Provider) is null)
        {
            yield return $"{where}:Provider of agent {endpoint.Name} is {endpoint.Provider}, which does not exist. There are {string.Join(", ", providers.Names)}.";
        }

        foreach (var (header, source) in endpoint.HeadersFrom.Where(from => AgentKeys.Find(configuration, from.Value) is null))
        {
            yield return $"{where}:HeadersFrom:{header} of agent {endpoint.Name} names the environment variable {Redactor.WithoutKeys(source)}, which is not set.";
        }

        if (endpoint.KeyFrom is { Length: > 0 } pasted && Redactor.WithoutKeys(pasted) != pasted)
        {
            yield return $"{where}:KeyFrom of agent {endpoint.Name} looks like a key. It is the name of the environment variable that holds the key.";
            yield break;
        }

        if (endpoint.KeyFrom is { Length: > 0 } variable && AgentKeys.Find(configuration, variable) is null)
        {
            yield return $"{where}:KeyFrom of agent {endpoint.Name} names the environment variable {variable}, which is not set. Set it, or leave KeyFrom out when the endpoint needs no key.";
        }

        foreach (var tool in endpoint.Tools.Where(tool => !_tools.Contains(tool)))
        {
            yield return $"{where}:Tools of agent {endpoint.Name} has an unknown tool: {tool}. There are {string.Join(", ", _tools)}.";
        }

        foreach (var tool in endpoint.Tools.GroupBy(tool => tool).Where(same => same.Count() > 1))
        {
            yield return $"{where}:Tools of agent {endpoint.Name} names {tool.Key} more than once.";
        }
    }

    private IEnumerable<string> FallbackProblems(AgentsOptions options)
    {
        var names = AgentCatalog.NamesIn(options, _added).ToList();
        return options.List.Select((endpoint, index) => (endpoint, index))
            .Where(agent => agent.endpoint.Fallback is { } other && (other == agent.endpoint.Name || !names.Contains(other)))
            .Select(agent => $"{AgentsOptions.Section}:List:{agent.index}:Fallback of agent {agent.endpoint.Name} is {agent.endpoint.Fallback}, which is not another agent. There are {string.Join(", ", names)}.");
    }

    private IEnumerable<string> NameProblems(AgentsOptions options)
    {
        var names = AgentCatalog.NamesIn(options, _added).ToList();
        // Names that differ only in case would be mistaken for one another.
        foreach (var same in names.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).Where(same => same.Count() > 1))
        {
            yield return $"{AgentsOptions.Section} has more than one agent called {same.Key}; those added in code and {AgentCatalog.Script} count as well.";
        }

        if (names.Count == 0)
        {
            yield return $"{AgentsOptions.Section} has no agent: call AddAgent, or add one to {AgentsOptions.Section}:List.";
        }
        else if (options.Default is { Length: > 0 } chosen && !names.Contains(chosen))
        {
            yield return $"{AgentsOptions.Section}:Default is {chosen}, but the agents are {string.Join(", ", names)}.";
        }
    }
}
