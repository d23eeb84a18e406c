using ChatBackend.Agents;
using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Threads;

/// <summary>Titles a thread that has none after the first message that is answered. Asked in the thread's turn, so that it never meets a title that somebody gives.</summary>
internal sealed class AutoTitle(ThreadId thread, IEventLog log, bool isEnabled)
{
    public async Task<ThreadRenamed?> ForAsync(ThreadState state, AgentCompleted answer)
    {
        if (!isEnabled || state.Title is not null || state.Run is not { IsReplaced: false } run)
        {
            return null;
        }

        // What is said to the script agent is a program; its answer is what a person would have read.
        var text = run.Agent == AgentCatalog.Script ? answer.Content : await MessageAsync(run.Answers);
        return text is not null && ThreadTitle.From(text) is { } title ? new ThreadRenamed { Title = title, By = RenamedBy.Agent } : null;
    }

    private async Task<string?> MessageAsync(MessageId message) =>
        await log.FindEventAsync(thread, message.Value, CancellationToken.None) is { } seq
        && await log.ReadAsync(thread, seq - 1, 1, 1, CancellationToken.None) is [var stored]
            ? (stored.Decode(thread) as UserMessage)?.Content
            : null;
}
