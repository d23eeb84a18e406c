using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Following;

/// <summary>
/// Pages of the log for followers that catch up: few at once on a node, and in turn, so that many long threads leave the store, and the
/// processors, to all other work.
/// </summary>
internal sealed class LogPages(IEventLog log, Quarantine? quarantine = null)
{
    private const int PageEvents = 256;
    private const int PageBytes = 64 * 1024;

    private readonly SemaphoreSlim _turns = new(Math.Max(1, Environment.ProcessorCount / 2));

    public string LogId => log.LogId;

    /// <exception cref="UnreadableThreadException">It is in quarantine from now on.</exception>
    /// <exception cref="LogUnavailableException"/>
    public async Task<IReadOnlyList<StoredEvent>> AfterAsync(ThreadId thread, long seq, CancellationToken cancellationToken)
    {
        await _turns.WaitAsync(cancellationToken);
        try
        {
            var page = await log.ReadAsync(thread, seq, PageEvents, PageBytes, cancellationToken);
            quarantine?.Check(thread, page);
            return page;
        }
        finally
        {
            _turns.Release();
        }
    }
}
