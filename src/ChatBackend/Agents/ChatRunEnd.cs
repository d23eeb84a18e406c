using ChatBackend.Protocol;

namespace ChatBackend.Agents;

/// <summary>A run that has ended.</summary>
public sealed class ChatRunEnd
{
    internal ChatRunEnd(ChatRunContext run, ChatRunOutcome outcome, TokenUsage? usage, TimeSpan duration) =>
        (Run, Outcome, Usage, Duration) = (run, outcome, usage, duration);

    /// <summary>Whose run it was. Its cancellation is that of the time that the hook has.</summary>
    public ChatRunContext Run { get; }

    /// <summary>How it ended.</summary>
    public ChatRunOutcome Outcome { get; }

    /// <summary>Tokens, as the model counted them in this process; null when it counted none.</summary>
    public TokenUsage? Usage { get; }

    /// <summary>How long it took in this process.</summary>
    public TimeSpan Duration { get; }
}

/// <summary>How a run ended.</summary>
public enum ChatRunOutcome
{
    /// <summary>With an answer.</summary>
    Completed,

    /// <summary>By its user, by another message, or because its budget was spent.</summary>
    Stopped,

    /// <summary>It failed, was refused, or the server stopped.</summary>
    Failed,
}
