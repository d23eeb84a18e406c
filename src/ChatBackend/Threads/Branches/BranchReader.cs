using System.Runtime.CompilerServices;
using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Threads.Branches;

/// <summary>
/// Finds what becomes active when a message is chosen: the path as it was just before the message left it last. Reads the thread's log in pages, and decodes only what
/// changes the path, takes a message back, or names the thread.
/// </summary>
internal sealed class BranchReader(ThreadId thread, IEventLog log)
{
    private const int PageEvents = 512;
    private const int PageBytes = 1024 * 1024;

    /// <summary>Reads no more than what came after the message.</summary>
    public async Task<bool> IsActiveAsync(UserMessage message)
    {
        var path = new ActivePath();
        await foreach (var threadEvent in ChangesAsync(message.Seq))
        {
            path.Apply(threadEvent);
        }

        return path.Contains(message.Seq);
    }

    /// <param name="state">Of the thread: its next event is the one that is made here.</param>
    /// <param name="titleUpTo">A title that the branch had before is looked for only among those made from messages up to this <c>seq</c>.</param>
    /// <returns>Null when the message is on the active path.</returns>
    public async Task<Branch?> ReadAsync(UserMessage message, ThreadState state, long titleUpTo = long.MaxValue)
    {
        var path = new ActivePath();
        (ActivePath Path, long Until)? last = null; // the path as it was when the message was on it last
        var removed = new List<MessageId>();
        var titles = new List<ThreadRenamed>();
        await foreach (var threadEvent in ChangesAsync(0))
        {
            switch (threadEvent)
            {
                case MessageRemoved taken:
                    removed.Add(taken.MessageId);
                    break;
                case ThreadRenamed { By: RenamedBy.Agent, FromSeq: { } from } renamed when from <= titleUpTo:
                    titles.Add(renamed);
                    break;
                case ThreadRewound or BranchSelected when threadEvent.Seq > message.Seq && path.Contains(message.Seq) && LeavesBehind(threadEvent, message):
                    last = (path.Copy(), threadEvent.Seq);
                    path.Apply(threadEvent);
                    break;
                default:
                    path.Apply(threadEvent);
                    break;
            }
        }

        if (path.Contains(message.Seq) || last is not { } was)
        {
            return null;
        }

        var selected = Selected(message, path.Replaced, was.Path.Replaced, was.Until) with { ThreadId = thread, Seq = state.Head + 1 };
        path.Apply(selected);
        var title = state.Apply(selected).TitleFrom == ThreadState.ReplacedTitle ? titles.FindLast(made => path.Contains(made.FromSeq!.Value)) : null;
        return new Branch(
            selected.ToSeq,
            new BranchChange(
                title is null ? [selected] : [selected, new ThreadRenamed { ThreadId = thread, Seq = state.Head + 2, Title = title.Title, By = RenamedBy.Agent, FromSeq = title.FromSeq }],
                await UncountedAsync(path, removed)));
    }

    private static bool LeavesBehind(ThreadEvent change, UserMessage message) => change switch
    {
        ThreadRewound rewound => rewound.ToSeq < message.Seq,
        BranchSelected branch => branch.ToSeq < message.Seq && !branch.Restored.Any(span => span.Holds(message.Seq)),
        _ => false,
    };

    /// <summary>From the first place on where the path that is now and the one that was differ, all is as it was; what came after it was left is not on it.</summary>
    private static BranchSelected Selected(UserMessage message, IReadOnlyList<MessageSpan> now, IReadOnlyList<MessageSpan> was, long until)
    {
        var same = 0;
        while (same < was.Count && same < now.Count && now[same] == was[same])
        {
            same++;
        }

        List<MessageSpan> then = [.. was.Skip(same), new MessageSpan { AfterSeq = until - 1, BeforeSeq = long.MaxValue }];
        var toSeq = Math.Min(now[same].AfterSeq, then[0].AfterSeq);
        var (restored, after) = (new List<MessageSpan>(), toSeq);
        foreach (var replaced in then)
        {
            if (replaced.AfterSeq > after)
            {
                restored.Add(new MessageSpan { AfterSeq = after, BeforeSeq = replaced.AfterSeq + 1 });
            }

            after = replaced.BeforeSeq - 1;
        }

        return new BranchSelected { MessageId = message.MessageId, ToSeq = toSeq, Restored = restored };
    }

    private async Task<IReadOnlyList<MessageSpan>> UncountedAsync(ActivePath path, List<MessageId> removed)
    {
        var spans = path.Replaced.ToList();
        foreach (var message in removed)
        {
            if (await log.FindEventAsync(thread, message.Value, CancellationToken.None) is { } seq && path.Contains(seq))
            {
                spans.Add(new MessageSpan { AfterSeq = seq - 1, BeforeSeq = seq + 1 });
            }
        }

        return spans;
    }

    private async IAsyncEnumerable<ThreadEvent> ChangesAsync(long after, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await log.ReadAsync(thread, after, PageEvents, PageBytes, cancellationToken) is { Count: > 0 } page)
        {
            foreach (var stored in page)
            {
                if (stored.ChangesPath() || stored.IsOf("message_removed"u8) || stored.IsOf("thread_renamed"u8))
                {
                    yield return stored.Decode(thread);
                }
            }

            after = page[^1].Seq;
        }
    }
}

/// <param name="ToSeq">Of its <c>branch_selected</c>.</param>
internal sealed record Branch(long ToSeq, BranchChange Change);

/// <summary>What is appended when another branch becomes the active one, before what follows from it.</summary>
/// <param name="Events">With their places.</param>
/// <param name="Uncounted">Where messages stand that do not count any more afterwards; null when no branch was chosen.</param>
internal sealed record BranchChange(IReadOnlyList<ThreadEvent> Events, IReadOnlyList<MessageSpan>? Uncounted);
