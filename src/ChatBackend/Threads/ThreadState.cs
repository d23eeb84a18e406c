using System.Collections.Immutable;
using ChatBackend.Protocol;

namespace ChatBackend.Threads;

/// <summary>What the writer must know of a thread to decide: a fold over its events. Immutable, so that a failed append changes nothing.</summary>
internal sealed record ThreadState
{
    /// <summary>What <see cref="TitleFrom"/> is once that message is not on the active path any more.</summary>
    public const long ReplacedTitle = 0;

    public required UserId Owner { get; init; }

    /// <summary>The <c>seq</c> of the last event; 0 before the first.</summary>
    public required long Head { get; init; }

    /// <summary>The time of the last event: the next has none before it, also when the machine's clock goes back.</summary>
    public DateTimeOffset LastAt { get; init; }

    public string? Title { get; init; }

    /// <summary>
    /// The <c>seq</c> of the message that the server made the title from; <see cref="ReplacedTitle"/> once that was replaced. Null when there is no title, or a user
    /// gave it.
    /// </summary>
    public long? TitleFrom { get; init; }

    /// <summary>No title, or one that the server made from a message that is not on the active path any more.</summary>
    public bool NeedsTitle => Title is null || TitleFrom == ReplacedTitle;

    public UnfinishedRun? Run { get; init; }

    /// <summary>Messages that no run has answered yet, in the order they will be: those that could not wait before those that were queued.</summary>
    public ImmutableList<WaitingMessage> Waiting { get; init; } = [];

    /// <summary>Messages that the open run takes in at its next step.</summary>
    public IReadOnlyList<WaitingMessage> Steering => Run is { IsReplaced: false } run
        ? Waiting.FindAll(message => message.Text is not null && (message.Agent ?? run.Agent) == run.Agent)
        : [];

    /// <summary>A call of the open run, or of one that is nested in it, waits for a decision.</summary>
    public bool NeedsApproval => Run?.Approvals.Exists(pending => pending.Decided is null) == true;

    public bool IsBusy => Run is not null || Waiting.Count > 0;

    /// <summary>From here on the log shows all open work; null when nothing is open.</summary>
    public long? OpenFrom => (Run, Waiting.Count) switch
    {
        (null, 0) => null,
        ({ } run, 0) => run.OpenFrom,
        ({ } run, _) => Math.Min(run.OpenFrom, Waiting.Min(message => message.Seq)),
        _ => Waiting.Min(message => message.Seq),
    };

    /// <summary>Of a run that began before the fold did, what it took in does not wait; its other events are counted and no more.</summary>
    public ThreadState Apply(ThreadEvent threadEvent)
    {
        var next = this with { Head = threadEvent.Seq, LastAt = threadEvent.At };
        return threadEvent switch
        {
            UserMessage message => next with { Waiting = WaitingWith(WaitingMessage.Of(message)) },
            MessageRemoved removed => next with { Waiting = WaitingWithout(removed.MessageId) },
            ThreadRewound rewound => next.Rewound(rewound.ToSeq),
            BranchSelected branch => next.Rewound(branch.ToSeq), // what it restores has been answered, or never will be
            AgentEvent { ParentRunId: { } parent } nested => Run?.Id == parent ? next with { Run = Run.Apply(nested) } : next,
            AgentStarted started => next with { Waiting = WaitingWithout(started.MessageId), Run = UnfinishedRun.Of(started, Find(started.MessageId)?.Seq) },
            MessageSteered steered when Run?.Id != steered.RunId => next with { Waiting = WaitingWithout(steered.MessageId) },
            RunEvent { RunId: var run } when Run?.Id != run => next,
            MessageSteered steered => next with
            {
                Waiting = WaitingWithout(steered.MessageId),
                Run = Run!.Counted() with { LastTaken = Math.Max(Run.LastTaken, Find(steered.MessageId)?.Seq ?? 0) },
            },
            AgentCompleted or AgentStopped or AgentFailed => next with { Run = null },
            ThreadRenamed renamed => next with { Title = renamed.Title, TitleFrom = renamed.FromSeq },
            RunEvent ofRun => next with { Run = Run!.Apply(ofRun) },
            _ => next,
        };
    }

    private ThreadState Rewound(long toSeq) => this with
    {
        Waiting = Waiting.RemoveAll(message => message.Seq > toSeq), Run = Run?.Rewound(toSeq), TitleFrom = TitleFrom > toSeq ? ReplacedTitle : TitleFrom,
    };

    public WaitingMessage? Find(MessageId id) => Waiting.Find(message => message.Id == id);

    private ImmutableList<WaitingMessage> WaitingWith(WaitingMessage message) =>
        Waiting.Insert(message.IsQueued ? Waiting.Count : Waiting.TakeWhile(earlier => !earlier.IsQueued).Count(), message);

    private ImmutableList<WaitingMessage> WaitingWithout(MessageId id) => Waiting.RemoveAll(message => message.Id == id);
}

/// <param name="Text">What it says, where a run may still take it in; else null.</param>
internal sealed record WaitingMessage(MessageId Id, long Seq, string? Agent, bool IsQueued, string? Text)
{
    public static WaitingMessage Of(UserMessage message) => new(
        message.MessageId, message.Seq, message.Agent, message.WhenRunning is null or WhenRunning.Queue,
        message.WhenRunning == WhenRunning.Steer ? message.Content : null);
}
