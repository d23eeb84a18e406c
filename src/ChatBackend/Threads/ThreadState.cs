using System.Collections.Immutable;
using ChatBackend.Protocol;

namespace ChatBackend.Threads;

/// <summary>What the writer must know of a thread to decide: a fold over its events. Immutable, so that a failed append changes nothing.</summary>
internal sealed record ThreadState
{
    public required UserId Owner { get; init; }

    /// <summary>The <c>seq</c> of the last event; 0 before the first.</summary>
    public required long Head { get; init; }

    public OpenRun? Run { get; init; }

    /// <summary>Messages that no run has answered yet, oldest first.</summary>
    public ImmutableList<WaitingMessage> Waiting { get; init; } = [];

    /// <summary>From here on the log shows all open work; null when nothing is open.</summary>
    public long? OpenFrom => (Run?.Seq, Waiting) switch
    {
        ({ } run, [var first, ..]) => Math.Min(run, first.Seq),
        ({ } run, _) => run,
        (null, [var first, ..]) => first.Seq,
        _ => null,
    };

    /// <summary>Events of a run that began before the fold did are counted and no more.</summary>
    public ThreadState Apply(ThreadEvent happened)
    {
        var next = this with { Head = happened.Seq };
        return happened switch
        {
            UserMessage message => next with { Waiting = Waiting.Add(new WaitingMessage(message.MessageId, message.Seq, message.Agent)) },
            AgentStarted started => next with
            {
                Waiting = Waiting.RemoveAll(message => message.Id == started.MessageId),
                Run = new OpenRun(started.RunId, started.Agent, started.MessageId, started.Seq, started.At),
            },
            RunEvent { RunId: var run } when Run?.Id != run => next,
            ToolExecuting tool => next with { Run = Run!.With(tool) },
            ToolCompleted tool => next with { Run = Run!.Without(tool) },
            AgentCompleted or AgentStopped or AgentFailed => next with { Run = null },
            RunEvent => next with { Run = Run!.Counted() },
            _ => next,
        };
    }
}

/// <param name="Seq">Of its <c>agent_started</c>.</param>
internal sealed record OpenRun(RunId Id, string Agent, MessageId Answers, long Seq, DateTimeOffset StartedAt)
{
    /// <summary>Tools that have begun and not ended.</summary>
    public ImmutableList<ToolExecuting> OpenTools { get; init; } = [];

    /// <summary>Events of the run after its start. Tells an emission that is tried again from a new one.</summary>
    public int Events { get; init; }

    public OpenRun Counted() => this with { Events = Events + 1 };

    public OpenRun With(ToolExecuting tool) => Counted() with { OpenTools = OpenTools.Add(tool) };

    public OpenRun Without(ToolCompleted tool) => Counted() with { OpenTools = OpenTools.RemoveAll(open => open.CallId == tool.CallId) };
}

internal sealed record WaitingMessage(MessageId Id, long Seq, string? Agent);
