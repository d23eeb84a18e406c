using ChatBackend.Agents.Tools;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ChatBackend.Agents;

/// <summary>What attributes say about each setting.</summary>
[OptionsValidator]
internal sealed partial class AgentsOptionsFields : IValidateOptions<AgentsOptions>;

/// <summary>What attributes cannot say: whether the settings fit one another and the machine.</summary>
internal sealed class AgentsOptionsValidator(IConfiguration configuration, IEnumerable<AgentRegistration> added, IEnumerable<ToolRegistration> tools) : IValidateOptions<AgentsOptions>
{
    private readonly IReadOnlyList<AgentRegistration> _added = [.. added];
    private readonly IReadOnlyList<string> _tools = [ThreadSearchTool.Name, .. tools.Select(tool => tool.Name)];

    public ValidateOptionsResult Validate(string? name, AgentsOptions options)
    {
        var problems = options.List.SelectMany(Problems).Concat(NameProblems(options)).ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private IEnumerable<string> Problems(ModelEndpointOptions endpoint, int index)
    {
        var where = $"{AgentsOptions.Section}:List:{index}";
        if (endpoint.Endpoint.Length > 0
            && !(Uri.TryCreate(endpoint.Endpoint, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)))
        {
            yield return $"{where}:Endpoint of agent {endpoint.Name} is not an absolute http or https URL: {endpoint.Endpoint}";
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
