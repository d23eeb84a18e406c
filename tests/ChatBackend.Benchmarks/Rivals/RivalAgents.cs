using ChatBackend.Agents;
using ChatBackend.Agents.Completions;
using ChatBackend.Agents.Script;
using Microsoft.Extensions.AI;

namespace ChatBackend.Benchmarks.Rivals;

/// <summary>The models behind every rival: our own, so that their work is the same everywhere.</summary>
internal sealed class RivalAgents(string? endpoint, TimeProvider clock)
{
    private readonly ScriptModel _script = new(clock);
    private readonly IChatClient? _feed = endpoint is null
        ? null
        : CompletionsClient.Connect(new ModelEndpointOptions { Name = "feed", Endpoint = endpoint, Model = "feed" }, key: null, clock);

    public IReadOnlyList<string> Names => _feed is null ? ["script"] : ["script", "feed"];

    /// <param name="name">Null for the default.</param>
    /// <returns>Null when there is no such agent.</returns>
    public RivalAgent? Find(string? name) => name switch
    {
        null or "script" => new RivalAgent("script", _script),
        "feed" when _feed is not null => new RivalAgent("feed", _feed),
        _ => null,
    };
}

internal readonly record struct RivalAgent(string Name, IChatClient Model);
