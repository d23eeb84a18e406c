using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;
using ChatBackend.Protocol;

namespace ChatBackend.Agents;

/// <summary>
/// Whose run it is: for tools, instructions and hooks. A scoped service of the run; a tool that takes it as a parameter gets one of its own call.
/// </summary>
public sealed class ChatRunContext
{
    private const int MaxProgressText = 1000;

    internal ChatRunContext(CancellationToken cancellationToken) => CancellationToken = cancellationToken;

    [SetsRequiredMembers]
    private ChatRunContext(ChatRunContext run, CancellationToken cancellationToken)
        : this(cancellationToken) =>
        (UserId, User, ThreadId, RunId, ParentRunId, Agent, Services) = (run.UserId, run.User, run.ThreadId, run.RunId, run.ParentRunId, run.Agent, run.Services);

    /// <summary>The user who sent the message. Who they are never comes from the model's arguments.</summary>
    public required UserId UserId { get; init; }

    /// <summary>
    /// The user as the connection that sent the message knew them, with all claims. A run that goes on or begins in another process than the one
    /// that took the message knows the user's id alone (<see cref="ClaimTypes.NameIdentifier"/>).
    /// </summary>
    public required ClaimsPrincipal User { get; init; }

    /// <summary>The thread that the run belongs to.</summary>
    public required ThreadId ThreadId { get; init; }

    /// <summary>The run.</summary>
    public required RunId RunId { get; init; }

    /// <summary>The run whose agent called this run's agent as a tool; null in a run that answers a message.</summary>
    public RunId? ParentRunId { get; internal init; }

    /// <summary>The name of the agent that runs.</summary>
    public required string Agent { get; init; }

    /// <summary>The run's services; they live until the run and all its tools are over.</summary>
    public required IServiceProvider Services { get; init; }

    /// <summary>The tool call; null outside of one.</summary>
    public CallId? CallId { get; private init; }

    /// <summary>Cancelled when the run is stopped or out of time; in a tool call also when the call is.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>Has another agent do a task and gives what it says; null in a run that is nested itself.</summary>
    internal Func<string, string, CancellationToken, Task<string>>? CallAgent { get; init; }

    /// <summary>Where reports go; null outside of a tool call.</summary>
    private Action<string, double?>? Reports { get; init; }

    /// <summary>
    /// Tells everyone who follows the thread how far the tool call is, at once and in order with what else happens there. It is not stored. Of reports that
    /// come within 100 ms of one another the latest is told; after the call's end none is.
    /// </summary>
    /// <param name="text">For people; beyond 1,000 UTF-16 code units it is cut.</param>
    /// <param name="fraction">How much is done, from 0 to 1; null when that is not known.</param>
    /// <exception cref="InvalidOperationException">This is not the context of a tool call.</exception>
    public ValueTask ReportProgressAsync(string text, double? fraction = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (fraction is not (null or (>= 0 and <= 1)))
        {
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "A fraction is from 0 to 1.");
        }

        var report = Reports ?? throw new InvalidOperationException("Only a tool call reports progress: take ChatRunContext as a parameter of the tool.");
        report(Cut(text), fraction);
        return ValueTask.CompletedTask;
    }

    /// <summary>The same run for one of its calls.</summary>
    internal ChatRunContext ForCall(CallId call, Action<string, double?> reports, CancellationToken cancellationToken) =>
        new(this, cancellationToken) { CallAgent = CallAgent, CallId = call, Reports = reports };

    /// <summary>The same run with its cancellation.</summary>
    internal ChatRunContext With(CancellationToken cancellationToken) => new(this, cancellationToken);

    /// <summary>A run of another agent, nested in this one.</summary>
    internal ChatRunContext Nest(RunId run, string agent, CancellationToken cancellationToken) =>
        new(this, cancellationToken) { RunId = run, ParentRunId = RunId, Agent = agent };

    /// <summary>A user of whom only the id is known.</summary>
    internal static ClaimsPrincipal UserOf(UserId user) => new(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, user.Value)], "ChatBackend"));

    private static string Cut(string text)
    {
        if (text.Length <= MaxProgressText)
        {
            return text;
        }

        return text[..(char.IsHighSurrogate(text[MaxProgressText - 1]) ? MaxProgressText - 1 : MaxProgressText)];
    }
}
