using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using ChatBackend.Mcp.Servers;
using Microsoft.Extensions.Options;

namespace ChatBackend.Mcp;

internal sealed partial class McpOptionsValidator(HostSecrets secrets) : IValidateOptions<McpOptions>
{
    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(1);

    public ValidateOptionsResult Validate(string? name, McpOptions options)
    {
        List<string> problems =
        [
            .. options.Servers.SelectMany(server => Problems($"{McpOptions.Section}:Servers:{server.Key}", server.Key, server.Value)),
            .. options.Agents.SelectMany(agent => AllowProblems(options, agent.Key, agent.Value)),
        ];
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private IEnumerable<string> Problems(string where, string name, McpServerOptions server)
    {
        if (!Name().IsMatch(name))
        {
            yield return $"{where}: the name of a server has 1 to 32 of the characters A-Z a-z 0-9 _ -";
        }

        var (isProgram, isAddress) = (!string.IsNullOrWhiteSpace(server.Command), !string.IsNullOrWhiteSpace(server.Url));
        if (isProgram == isAddress)
        {
            yield return $"{where} needs either Command, a program to start, or Url, an address.";
        }

        if (isAddress && !(Uri.TryCreate(server.Url, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)))
        {
            yield return $"{where}:Url is not an absolute http or https URL.";
        }

        if (isProgram && (server.Headers.Count + server.HeadersFrom.Count + server.UserHeaders.Count > 0 || server.HeadersFor is not null || server.OAuth is not null))
        {
            yield return $"{where} is a program: it has no headers and no OAuth. Secrets reach it by EnvironmentFrom.";
        }

        var results = new List<ValidationResult>();
        Validator.TryValidateObject(server, new ValidationContext(server), results, validateAllProperties: true);
        foreach (var problem in results.Select(result => $"{where}: {result.ErrorMessage}").Concat(HeaderProblems(where, server)).Concat(SecretProblems(where, server)).Concat(ToolProblems(where, server)))
        {
            yield return problem;
        }
    }

    private static IEnumerable<string> HeaderProblems(string where, McpServerOptions server) =>
        server.Headers.Keys.Concat(server.HeadersFrom.Keys).Concat(server.UserHeaders.Keys).Where(header => !HeaderName().IsMatch(header))
            .Select(header => $"{where}: \"{header}\" is not the name of a header.")
            .Concat(server.Headers.Where(header => header.Value.Any(char.IsControl)).Select(header => $"{where}:Headers:{header.Key} has characters that no header may have."));

    private IEnumerable<string> SecretProblems(string where, McpServerOptions server) =>
        server.EnvironmentFrom.Select(secret => (Setting: $"EnvironmentFrom:{secret.Key}", Name: secret.Value))
            .Concat(server.HeadersFrom.Select(secret => (Setting: $"HeadersFrom:{secret.Key}", Name: secret.Value)))
            .Concat(server.OAuth?.ClientSecretFrom is { } named ? [("OAuth:ClientSecretFrom", named)] : [])
            .Where(secret => secrets.Find(secret.Name) is null)
            .Select(secret => $"{where}:{secret.Setting} names {secret.Name}, which is set neither in the configuration nor in the environment.");

    private static IEnumerable<string> ToolProblems(string where, McpServerOptions server)
    {
        if (server.Timeout is { } limit && (limit <= TimeSpan.Zero || limit > LongestTime))
        {
            yield return $"{where}:Timeout is {limit}; it must be positive, and a day at most.";
        }

        foreach (var (name, tool) in server.Tools)
        {
            if (tool.Timeout is { } time && (time <= TimeSpan.Zero || time > LongestTime))
            {
                yield return $"{where}:Tools:{name}:Timeout is {time}; it must be positive, and a day at most.";
            }

            if (tool.Approval is { } approval && !approval.Equals("always", StringComparison.OrdinalIgnoreCase) && !approval.Equals("never", StringComparison.OrdinalIgnoreCase))
            {
                yield return $"{where}:Tools:{name}:Approval is \"{approval}\"; it can be \"always\" or \"never\".";
            }
        }
    }

    private static IEnumerable<string> AllowProblems(McpOptions options, string agent, IDictionary<string, IList<string>> servers)
    {
        foreach (var (server, tools) in servers)
        {
            if (!options.Servers.ContainsKey(server))
            {
                yield return $"{McpOptions.Section}:Agents:{agent} names the server {server}, which does not exist. There are: {string.Join(", ", options.Servers.Keys)}.";
            }

            if (tools is not { Count: > 0 })
            {
                yield return $"{McpOptions.Section}:Agents:{agent}:{server} names no tool; [ \"{McpOptions.AllTools}\" ] stands for all.";
            }
        }
    }

    [GeneratedRegex("^[A-Za-z0-9_-]{1,32}$")]
    private static partial Regex Name();

    [GeneratedRegex("^[!#$%&'*+.^_`|~A-Za-z0-9-]+$")]
    private static partial Regex HeaderName();
}
