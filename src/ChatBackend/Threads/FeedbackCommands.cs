using System.Text;
using ChatBackend.Errors;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using ChatBackend.Threads.Contracts;
using ChatBackend.Threads.Titles;

namespace ChatBackend.Threads;

/// <summary>Records what users think of answers, under the writer's lock.</summary>
internal sealed class FeedbackCommands(ThreadId thread, ThreadWriter writer, IEventLog log, ChatMetrics metrics)
{
    public const int MaxNote = 2000; // UTF-16 code units, as they came

    private const int PageEvents = 128;

    private readonly CommandAppends _appends = new(thread, writer, log);

    /// <exception cref="ProtocolException">Refused; nothing happened.</exception>
    public async Task<CommandEffect> GiveAsync(FeedbackCommand command)
    {
        if (command.Note is { Length: > MaxNote })
        {
            throw new ProtocolException(ErrorCode.TooLarge, $"A note has at most {MaxNote} characters.");
        }

        var digest = CommandDigest.Of(command, thread);
        if (!writer.IsOwnedBy(command.User) || !await HasAnswerAsync(command.Message))
        {
            return await _appends.EarlierAsync(command.User, command.Id, digest) ?? throw new ProtocolException(ErrorCode.NotFound, "There is no such answer.");
        }

        var given = new FeedbackGiven { MessageId = command.Message, Rating = command.Rating, Note = Clean(command.Note), By = command.User };
        var ack = new Ack { Id = command.Id, Status = AckStatus.Accepted, ThreadId = thread, Seq = writer.State!.Head + 1, MessageId = command.Message };
        var effect = await _appends.AppendAsync([given], command.User, digest, ack);
        if (effect.IsNew)
        {
            metrics.FeedbackGiven(command.Rating);
        }

        return effect;
    }

    /// <summary>People rate what they have just read: it is looked for from the end.</summary>
    private async Task<bool> HasAnswerAsync(MessageId answer)
    {
        var id = Encoding.UTF8.GetBytes(answer.Value);
        for (var before = writer.State!.Head + 1; ;)
        {
            var page = await log.ReadBackAsync(thread, before, PageEvents, CancellationToken.None);
            if (page.Any(stored => (stored.IsOf("agent_completed"u8) || stored.IsOf("agent_stopped"u8)) && stored.Json.Span.IndexOf(id) >= 0 && IsAnswer(stored.Decode(thread), answer)))
            {
                return true;
            }

            if (page.Count < PageEvents)
            {
                return false;
            }

            before = page[0].Seq;
        }
    }

    private static bool IsAnswer(ThreadEvent threadEvent, MessageId answer) => threadEvent switch
    {
        AgentEvent { ParentRunId: not null } => false,
        AgentCompleted completed => completed.MessageId == answer,
        AgentStopped stopped => stopped.MessageId == answer,
        _ => false,
    };

    private static string? Clean(string? note)
    {
        var cleaned = new StringBuilder();
        foreach (var line in note.AsSpan().EnumerateLines())
        {
            cleaned.Append(TitleText.Clean(line)).Append('\n');
        }

        return cleaned.ToString().Trim('\n') is { Length: > 0 } text ? text : null;
    }
}
