namespace ChatBackend.Agents;

/// <summary>Whether calls of a tool need a person's approval. The setting <c>Tools:&lt;name&gt;:Approval</c> wins over it.</summary>
public sealed class ChatToolApproval
{
    private readonly Func<ChatToolCall, bool> _isNeeded;

    private ChatToolApproval(Func<ChatToolCall, bool> isNeeded) => _isNeeded = isNeeded;

    /// <summary>Every call does.</summary>
    public static ChatToolApproval Always { get; } = new(_ => true);

    /// <summary>No call does.</summary>
    public static ChatToolApproval Never { get; } = new(_ => false);

    /// <summary>Those calls do for which the condition holds, such as <c>call => call.Argument&lt;decimal>("amount") > 100</c>.</summary>
    /// <param name="isNeeded">Called once for each call. A call for which it throws needs approval.</param>
    public static ChatToolApproval When(Func<ChatToolCall, bool> isNeeded)
    {
        ArgumentNullException.ThrowIfNull(isNeeded);
        return new ChatToolApproval(isNeeded);
    }

    internal bool IsNeededFor(ChatToolCall call) => _isNeeded(call);
}
