using ChatBackend.Agents.Endpoints;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents;

/// <summary>A model with instructions and tools under a name. Holds nothing of a run: one instance serves all.</summary>
internal sealed record Agent
{
    public required string Name { get; init; }

    public required IChatClient Model { get; init; }

    /// <summary>The system message; null when there is none.</summary>
    public string? Instructions { get; init; }

    /// <summary>What is said to the model after <see cref="Instructions"/>, made for each run; null when there is nothing.</summary>
    public Func<ChatRunContext, ValueTask<string?>>? InstructionsFor { get; init; }

    /// <summary>For people who choose an agent.</summary>
    public string? Description { get; init; }

    /// <summary>First messages that a client may offer.</summary>
    public IReadOnlyList<string> Suggestions { get; init; } = [];

    public AgentLimits Limits { get; init; } = AgentLimits.None;

    /// <summary>What the model's tokens cost; null where that is not known.</summary>
    public TokenPriceOptions? Price { get; init; }

    /// <summary>How much the model takes at once.</summary>
    public ContextWindow Window { get; init; } = new(null);

    /// <summary>Whether it sums up what it is not shown any more.</summary>
    public bool Summarizes { get; init; }

    /// <summary>Whether the model is shown what was said before the message it answers. It is not where it would not look at it.</summary>
    public bool IsShownHistory { get; init; } = true;

    /// <summary>The agent whose model answers when this one's is unavailable; null when none does.</summary>
    public Agent? Fallback { get; init; }

    /// <summary>Whether its model, where that is behind an endpoint, did not answer the last time it was asked.</summary>
    public bool IsModelFailing => Model is EndpointModel { IsFailing: true };

    /// <summary>Tools the model is told of.</summary>
    public IReadOnlyList<AIFunction> Tools { get; init; } = [];

    /// <summary>The tool for a call the model made in this turn; null when there is none of that name.</summary>
    public Func<FunctionCallContent, Turn, AIFunction?>? ToolFor { get; init; }

    public AIFunction? FindTool(FunctionCallContent call, Turn turn) =>
        ToolFor is null ? Tools.FirstOrDefault(tool => tool.Name == call.Name) : ToolFor(call, turn);
}
