using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Threads;

/// <summary>What the user's list of threads says differently after events of a thread.</summary>
internal static class ListedThread
{
    /// <param name="before">Null for a thread that is created.</param>
    /// <returns>Null when nothing but its head and its time have moved.</returns>
    public static ListChange? Change(ThreadState? before, ThreadState after, ReadOnlySpan<ThreadEvent> events)
    {
        var change = new ListChange(after.Owner, after.NeedsApproval);
        var isChanged = before is null || before.IsBusy != after.IsBusy || before.NeedsApproval != after.NeedsApproval;
        foreach (var threadEvent in events)
        {
            (change, var says) = threadEvent switch
            {
                UserMessage message => (change with { Agent = message.Agent ?? change.Agent, ReadSeq = message.Seq }, true), // who writes has read
                AgentStarted { ParentRunId: null } started => (change with { Agent = started.Agent }, true),
                ApprovalRequired => (change with { AnswerSeq = threadEvent.Seq }, true),
                AgentEvent { ParentRunId: not null } => (change, false),
                AgentStopped { Reason: StopReason.User or StopReason.InterruptedByMessage } => (change, true), // the user's own doing
                AgentCompleted or AgentStopped or AgentFailed => (change with { AnswerSeq = threadEvent.Seq }, true),
                ThreadRenamed => (change, true),
                _ => (change, false),
            };
            isChanged |= says;
        }

        return isChanged ? change : null;
    }
}
