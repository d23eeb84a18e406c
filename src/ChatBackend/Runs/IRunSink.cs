using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Runs.History;
using ChatBackend.Storage;

namespace ChatBackend.Runs;

/// <summary>
/// Where a run's output goes: to its thread's writer, never to a connection. Each call but <see cref="WriteTextAsync"/> and
/// <see cref="ReportProgress"/> returns after the commit and is tried again while the store is away. Calls of tools may come at the same time.
/// </summary>
internal interface IRunSink
{
    /// <summary>More text of the part in flight; another kind, or a tool, begins another part.</summary>
    /// <exception cref="RunLostException">The run is not this one's any more.</exception>
    ValueTask WriteTextAsync(PartKind kind, string text, CancellationToken cancellationToken);

    /// <summary>Makes the part in flight durable, since the run goes on after it.</summary>
    /// <exception cref="RunLostException"/>
    Task CompletePartAsync(CancellationToken cancellationToken);

    /// <summary>Another agent's model answers from here on, since that of the run's agent is not available.</summary>
    /// <exception cref="RunLostException"/>
    Task FallBackAsync(string agent, RunFailure code, CancellationToken cancellationToken);

    /// <summary>A model is shown less of the conversation from here on.</summary>
    /// <exception cref="RunLostException"/>
    Task TrimContextAsync(AgentContextTrimmed trimmed, CancellationToken cancellationToken);

    /// <summary>
    /// Takes in the messages that were sent to enter this run: each is durably part of it from here on, and no other run's. What the
    /// run is saying becomes a part of its own before them.
    /// </summary>
    /// <returns>Their texts, in order; empty when none waits.</returns>
    /// <exception cref="RunLostException"/>
    Task<IReadOnlyList<string>> TakeSteeredAsync(CancellationToken cancellationToken);

    /// <summary>Asks the thread's people for a decision about each of the calls, in one commit: a process that dies loses none of them.</summary>
    /// <param name="given">The time there is to decide.</param>
    /// <exception cref="RunLostException"/>
    Task RequestApprovalAsync(IReadOnlyList<ApprovalRequired> calls, TimeSpan given, CancellationToken cancellationToken);

    /// <summary>Waits until one of the calls that were asked for, here or in an earlier process, is decided, or its time is over.</summary>
    /// <param name="calls">Those that are waited for.</param>
    /// <param name="tooLate">How a call is recorded to have ended when no decision comes in time.</param>
    /// <returns>The call and its decision; null when no decision came in time: then <paramref name="tooLate"/> is recorded.</returns>
    /// <exception cref="RunLostException"/>
    Task<(CallId Call, ApprovalDecided? Decided)> NextDecisionAsync(
        IReadOnlyCollection<CallId> calls, Func<CallId, ToolCompleted> tooLate, CancellationToken cancellationToken);

    /// <summary>What is to be stored with the next event of the answer that is under way, and delivered to no one. The last one counts. Never waits.</summary>
    /// <param name="record">Null when another answer begins.</param>
    void Keep(StepRecord? record);

    /// <exception cref="RunLostException"/>
    Task ToolStartsAsync(CallId call, string tool, JsonElement arguments, CancellationToken cancellationToken);

    /// <param name="result">What the event holds only the begin and the end of; null when it holds all.</param>
    /// <exception cref="RunLostException"/>
    Task ToolEndedAsync(ToolCompleted completed, WholeResult? result, CancellationToken cancellationToken);

    /// <summary>Tells who follows now how far a call is; it is not stored. Nothing once the run is over. Never waits.</summary>
    void ReportProgress(CallId call, string text, double? fraction);

    /// <summary>Where the output goes of a run that this one calls as a tool.</summary>
    INestedRunSink Nest(RunId nested);

    /// <summary>The run's one terminal event, and with it the end of everything that is still open. Later output is rejected.</summary>
    /// <param name="usage">What the model counted; null when it counted nothing.</param>
    /// <returns>How the run ended, as it was recorded; null when another writer ended it.</returns>
    Task<RunOutcome?> EndAsync(RunOutcome end, TokenUsage? usage);

    /// <summary>Called last, also after an exception: the thread has room for another run. One without a terminal event is recovered.</summary>
    Task ReleaseAsync();
}

/// <summary>Where the output of a run goes that is nested in another one. Its end is recorded by itself; where the run around it ends first, by that one's end.</summary>
internal interface INestedRunSink : IRunSink
{
    /// <summary>What the last text part said; empty before the end.</summary>
    string Said { get; }

    /// <summary>The first event.</summary>
    /// <exception cref="RunLostException"/>
    Task StartAsync(string agent, CancellationToken cancellationToken);
}

/// <summary>The thread has another writer, which ends this run itself.</summary>
internal sealed class RunLostException : Exception;
