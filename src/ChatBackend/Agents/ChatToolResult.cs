using System.Text.Json;
using ChatBackend.Protocol;

namespace ChatBackend.Agents;

/// <summary>A tool call that has ended.</summary>
public sealed class ChatToolResult
{
    internal ChatToolResult(ChatToolCall call, ToolCompleted completed) => (Call, Completed) = (call, completed);

    /// <summary>The call.</summary>
    public ChatToolCall Call { get; }

    /// <summary>How it ended.</summary>
    public ToolOutcome Outcome => Completed.Outcome;

    /// <summary>What the tool returned; of a result larger than <c>Runs:MaxToolBytes</c> a text with its begin and its end. Null when it did not succeed.</summary>
    public JsonElement? Result => Completed.Result;

    /// <summary>Why it did not succeed, as the model and the user were told; null when it did.</summary>
    public string? Error => Completed.Error;

    /// <summary>From its begin to its end.</summary>
    public TimeSpan Duration => TimeSpan.FromMilliseconds(Completed.DurationMs);

    private ToolCompleted Completed { get; }
}
