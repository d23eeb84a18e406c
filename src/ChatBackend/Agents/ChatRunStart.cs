namespace ChatBackend.Agents;

/// <summary>A run that is about to begin.</summary>
public sealed class ChatRunStart
{
    private readonly List<string> _context = [];

    internal ChatRunStart(ChatRunContext run, string message, bool isResumed) => (Run, Message, IsResumed) = (run, message, isResumed);

    /// <summary>Whose run it is.</summary>
    public ChatRunContext Run { get; }

    /// <summary>The message that the run answers.</summary>
    public string Message { get; }

    /// <summary>The run began before a restart of the server and goes on now.</summary>
    public bool IsResumed { get; }

    /// <summary>Why the run is refused; null while it is not.</summary>
    internal string? Refusal { get; private set; }

    internal IReadOnlyList<string> Context => _context;

    /// <summary>Ends the run as <c>agent_failed</c> <c>refused</c>, before the model is asked. The first reason counts.</summary>
    /// <param name="message">For the user.</param>
    public void Refuse(string message)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(message);
        Refusal ??= message;
    }

    /// <summary>Tells the model something in this run, after its instructions and before the conversation. It is not stored.</summary>
    public void AddContext(string text)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(text);
        _context.Add(text);
    }
}
