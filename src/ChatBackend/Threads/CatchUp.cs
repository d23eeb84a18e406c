using ChatBackend.Protocol;
using ChatBackend.Storage;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Threads;

/// <summary>
/// Brings followers to where their thread is live, in steps: each waits until the connection has room, and between two of them everybody else
/// has a turn. Holds no page while it waits.
/// </summary>
internal sealed partial class CatchUp(ThreadId thread, LiveFeed feed, LogPages pages, FeedPort port, TimeProvider clock, ILogger logger)
{
    /// <summary>Bytes that one step sends, or a little more.</summary>
    public const int StepBytes = 16 * 1024;

    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);

    public async Task RunAsync(Follower follower)
    {
        var cancellationToken = follower.Leaving.Token;
        var needed = StepBytes;
        try
        {
            while (await port.RoomAsync(follower.Connection, needed, cancellationToken))
            {
                needed = StepBytes;
                switch (feed.Step(follower, out var cursor))
                {
                    case CatchUpStep.Done:
                        return;
                    case CatchUpStep.Page:
                        needed = Math.Max(needed, await SendPageAsync(follower, cursor, cancellationToken));
                        break;
                }

                await Task.Yield();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // it has left
        }
    }

    /// <returns>How much room the event takes that had none; 0 when all were sent that may be.</returns>
    private async Task<int> SendPageAsync(Follower follower, long cursor, CancellationToken cancellationToken)
    {
        try
        {
            var page = await pages.AfterAsync(thread, cursor, cancellationToken);
            foreach (var stored in page)
            {
                if (!port.HasRoom(follower.Connection, stored.Json.Length))
                {
                    return stored.Json.Length;
                }

                if (!feed.TrySend(follower, cursor, stored))
                {
                    return 0;
                }

                cursor = stored.Seq;
            }

            if (page.Count > 0)
            {
                return 0;
            }
        }
        catch (LogUnavailableException away)
        {
            NotRead(away, thread.Value);
        }

        await Task.Delay(Retry, clock, cancellationToken); // the store is away, or what it had is just being deleted
        return 0;
    }

    [LoggerMessage(LogLevel.Warning, "The log of {Thread} could not be read; a follower waits")]
    private partial void NotRead(Exception away, string thread);
}

/// <summary>What a follower on its way to live was sent, and needs next.</summary>
internal enum CatchUpStep
{
    /// <summary>It is live, has left, or goes on when something else has happened.</summary>
    Done,

    /// <summary>There is more in memory.</summary>
    More,

    /// <summary>What it needs next is in the log.</summary>
    Page,
}
