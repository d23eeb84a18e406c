using ChatBackend.Agents;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Threads.Titles;

/// <summary>
/// Titles a thread that has no title, or one made from a message that was replaced: with the end of a run of any kind, or when a run begins to
/// wait for approval. Asked under the writer's lock, so that it never meets a title that a user gives.
/// </summary>
internal sealed partial class AutoTitle(ThreadId thread, IEventLog log, bool isEnabled, ILogger logger)
{
    /// <param name="answer">What the run answered, if it did.</param>
    /// <exception cref="LogUnavailableException"/>
    public async Task<ThreadRenamed?> ForAsync(ThreadState state, string? answer)
    {
        if (!isEnabled || !state.NeedsTitle || state.Run is not { IsReplaced: false } run)
        {
            return null;
        }

        try
        {
            return await log.FindEventAsync(thread, run.Answers.Value, CancellationToken.None) is { } seq
                && await log.ReadAsync(thread, seq - 1, maxEvents: 1, maxBytes: 1, CancellationToken.None) is [var stored]
                && stored.Decode(thread) is UserMessage message
                && TitleOf(message, run, answer) is { } title
                    ? new ThreadRenamed { Title = title, By = RenamedBy.Agent, FromSeq = seq }
                    : null;
        }
        catch (UnreadableThreadException ex)
        {
            Unreadable(thread.Value, ex.Message); // the end of the run is worth more than a title
            return null;
        }
    }

    /// <summary>The text that a terminal event ends with.</summary>
    public static string? AnswerOf(ThreadEvent terminal) => terminal switch
    {
        AgentCompleted completed => completed.Content,
        AgentStopped stopped => stopped.Content,
        AgentFailed failed => failed.Content,
        _ => null,
    };

    // A message to the script agent is a program; a person reads its answer, where there is one.
    private static string? TitleOf(UserMessage message, UnfinishedRun run, string? answer) =>
        (run.Agent == AgentCatalog.Script && answer is not null ? ThreadTitle.From(answer) : null) ?? ThreadTitle.From(message.Content);

    [LoggerMessage(LogLevel.Warning, "{Thread} gets no title, because the message cannot be read: {Reason}")]
    private partial void Unreadable(string thread, string reason);
}
