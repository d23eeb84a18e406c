using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ChatBackend.Agents;

/// <summary>Finds at start what would otherwise fail a user's first message.</summary>
internal sealed class AgentsOptionsValidator(IConfiguration configuration, BuiltInTools tools) : IValidateOptions<AgentsOptions>
{
    public ValidateOptionsResult Validate(string? name, AgentsOptions options)
    {
        var problems = options.List.SelectMany((entry, i) => Problems(entry).Select(problem => $"Agents:List:{i}: {problem}")).ToList();
        var names = AgentCatalog.NamesOf(options);
        problems.AddRange(names.GroupBy(known => known).Where(same => same.Count() > 1).Select(same => $"Agents: two agents are named {same.Key}."));
        if (names.Count == 0)
        {
            problems.Add("Agents: there is none. Enable Agents:Demo or add one to Agents:List.");
        }
        else if (options.Default is { Length: > 0 } preferred && !names.Contains(preferred))
        {
            problems.Add($"Agents:Default: there is no agent named {preferred}.");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private IEnumerable<string> Problems(AgentsOptions.Entry entry)
    {
        if (string.IsNullOrWhiteSpace(entry.Name))
        {
            yield return "Name is missing.";
        }

        if (string.IsNullOrWhiteSpace(entry.Model))
        {
            yield return "Model is missing.";
        }

        if (!Uri.TryCreate(entry.Endpoint, UriKind.Absolute, out var endpoint) || endpoint.Scheme is not ("http" or "https"))
        {
            yield return "Endpoint is no absolute http or https address.";
        }

        if (entry.KeyFrom is { Length: > 0 } variable && string.IsNullOrEmpty(configuration[variable]))
        {
            yield return $"KeyFrom names {variable}, and no such environment variable is set.";
        }

        foreach (var tool in entry.Tools.Where(tool => tools.Find(tool) is null))
        {
            yield return $"Tools: there is no tool named {tool}. There are {string.Join(", ", BuiltInTools.Names)}.";
        }
    }
}
