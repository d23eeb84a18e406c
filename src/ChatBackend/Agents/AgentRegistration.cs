using ChatBackend.Agents.Tools;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents;

/// <summary>An agent that an application added, as it described it.</summary>
internal sealed record AgentRegistration
{
    public required string Name { get; init; }

    /// <summary>Null for the application's own <see cref="IChatClient"/>.</summary>
    public Func<IServiceProvider, IChatClient>? Model { get; init; }

    public string? Instructions { get; init; }

    public Func<ChatRunContext, ValueTask<string?>>? InstructionsFor { get; init; }

    public string? Description { get; init; }

    public IReadOnlyList<string> Suggestions { get; init; } = [];

    public AgentLimits Limits { get; init; } = AgentLimits.None;

    public bool IsShownHistory { get; init; } = true;

    public string? Fallback { get; init; }

    public TokenPriceOptions? Price { get; init; }

    public int? ContextTokens { get; init; }

    public bool Summarizes { get; init; }

    /// <summary>What an answer may have at most; 0 where no one said.</summary>
    public int AnswerTokens { get; init; }

    public IReadOnlyList<ToolRegistration> Tools { get; init; } = [];

    /// <summary>Names of tools that it shares with others.</summary>
    public IReadOnlyList<string> SharedTools { get; init; } = [];
}

/// <summary>The budget of one agent's runs. What is null is as for every run.</summary>
internal sealed record AgentLimits(int? MaxSteps, int? MaxOutputCharacters, TimeSpan? Timeout)
{
    public static readonly AgentLimits None = new(null, null, null);
}
