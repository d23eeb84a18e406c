using System.Threading.Channels;
using ChatBackend.Errors;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Storage.Sqlite;

/// <summary>
/// Brings the search index up to the log, behind the commits: woken by them, a batch at a time, in their order. What fails is reported once and tried
/// again later; an index that is missing, damaged or of another log is made again from the beginning.
/// </summary>
internal sealed partial class SearchIndexer(SqliteDatabase database, SqliteReadPool reads, SqliteSearchIndex index, TimeProvider clock, ILogger<SearchIndexer> logger)
    : BackgroundService
{
    // Many commits make one batch; what was said is found well within a second.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(300);

    // Each batch is a piece of the index that later ones are merged with. Where much is said, fewer and longer ones cost a tenth of a turn less.
    private static readonly TimeSpan GatherMuch = TimeSpan.FromSeconds(1);
    private const int Much = 100; // texts
    private static readonly TimeSpan MaxBackoff = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(10);

    private readonly Channel<bool> _commits = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    // Either the index follows the log, or both lose texts together: nothing is indexed that is just being erased.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly SearchProgress _progress = new(clock, ReportEvery);
    private SearchCursor? _cursor;
    private string? _rebuilt;
    private bool _isFailing;
    private bool _isDamaged;
    private int _added; // since it was woken last
    private long _behindSince; // 0 while the index has all that was committed

    /// <summary>How long something has waited to be indexed.</summary>
    public TimeSpan Behind => Volatile.Read(ref _behindSince) is not 0 and var since ? clock.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>To be called after a commit. Never waits.</summary>
    public void Wake()
    {
        Interlocked.CompareExchange(ref _behindSince, clock.GetTimestamp(), 0);
        _commits.Writer.TryWrite(true);
    }

    /// <summary>A search found the file damaged: it is made again.</summary>
    public void ReportDamage()
    {
        Volatile.Write(ref _isDamaged, true);
        Wake();
    }

    /// <summary>Ends when everything is indexed that was committed before the call.</summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        while (!await IndexNextAsync(cancellationToken))
        {
        }
    }

    /// <summary>Takes texts out of the index, then erases them from the log.</summary>
    /// <param name="texts">What is about to be erased, as the log has it now.</param>
    public async Task<TResult> EraseAsync<TResult>(
        Func<SqliteReadConnection, IReadOnlyList<SearchableText>> texts, Func<Task<TResult>> erase, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            Forget(await reads.ReadAsync(texts, cancellationToken));
            return await erase();
        }
        finally
        {
            _turn.Release();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = Gather;
        var backoff = new Backoff(Gather * 2, MaxBackoff);
        Wake();
        try
        {
            while (await _commits.Reader.WaitToReadAsync(stoppingToken))
            {
                await Task.Delay(pause, clock, stoppingToken);
                _commits.Reader.TryRead(out _);
                _added = 0;
                if (await TryCatchUpAsync(stoppingToken))
                {
                    pause = _added < Much ? Gather : GatherMuch;
                    backoff.Reset();
                }
                else
                {
                    pause = backoff.Next();
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The next process goes on from the cursor.
        }
    }

    /// <returns>False when something failed and is to be tried again.</returns>
    private async Task<bool> TryCatchUpAsync(CancellationToken stoppingToken)
    {
        try
        {
            for (var began = clock.GetTimestamp(); !await IndexNextAsync(stoppingToken); began = clock.GetTimestamp())
            {
                // A third of one processor at most: chats come first.
                await Task.Delay(2 * clock.GetElapsedTime(began), clock, stoppingToken);
            }

            if (_isFailing)
            {
                _isFailing = false;
                IndexingWorks();
            }

            // What was committed meanwhile has woken it again, and waits since then at the earliest.
            Volatile.Write(ref _behindSince, _commits.Reader.TryPeek(out _) ? clock.GetTimestamp() : 0);
            return true;
        }
        catch (Exception ex) when (ex is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
        {
            _cursor = null; // the file is looked at again
            if (!_isFailing && ex is not IReportedException)
            {
                _isFailing = true;
                LogFailing(ex);
            }

            Wake();
            return false;
        }
    }

    /// <returns>Whether nothing is left to index.</returns>
    private async Task<bool> IndexNextAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var cursor = _cursor is { } known && index.IsOpen && !Volatile.Read(ref _isDamaged) ? known : await Task.Run(Open, cancellationToken);
            var batch = await reads.ReadAsync(log => log.TextsAfter(cursor), cancellationToken);
            if (batch.Next is not { } next)
            {
                index.Delete();
                (_cursor, _rebuilt) = (null, "the log ends before what was indexed");
                return false;
            }

            if (next != cursor)
            {
                await Task.Run(() => index.Add(batch.Texts, next), cancellationToken);
                _added += batch.Texts.Count;
            }

            _cursor = next;
            Report(batch, next);
            return batch.IsLast;
        }
        finally
        {
            _turn.Release();
        }
    }

    private SearchCursor Open()
    {
        if (Volatile.Read(ref _isDamaged))
        {
            index.Delete();
            Volatile.Write(ref _isDamaged, false);
            _rebuilt = "it was damaged";
        }

        var (cursor, rebuilt) = index.Open(database.LogId);
        _rebuilt ??= rebuilt;
        return cursor;
    }

    /// <summary>An index that cannot let go of what is deleted must not keep it: it is made again without.</summary>
    private void Forget(IReadOnlyList<SearchableText> texts)
    {
        try
        {
            if (!index.IsOpen)
            {
                _cursor = Open();
            }

            index.Forget(texts);
        }
        catch (SqliteException ex)
        {
            LogFailing(ex);
            _cursor = null;
            index.Delete();
            Wake();
        }
    }

    private void Report(SearchBatch batch, SearchCursor next)
    {
        if (_rebuilt is { } reason)
        {
            _rebuilt = null;
            if (batch.LastRow > 0)
            {
                RebuildBegins(reason, batch.LastRow);
                _progress.Begin();
            }
        }

        if (batch.Unreadable > 0)
        {
            Unreadable(batch.Unreadable, next.Row);
        }

        switch (_progress.Next(batch.IsLast))
        {
            case SearchProgress.Step.Due:
                Progress(next.Row, batch.LastRow);
                break;
            case SearchProgress.Step.Done:
                Rebuilt(next.Row);
                break;
        }
    }

    /// <summary>A known cause is a sentence, and a stack says nothing more.</summary>
    private void LogFailing(Exception ex) => IndexingFails(ex is SqliteException or IOException or UnauthorizedAccessException ? null : ex, ex.Message);

    [LoggerMessage(LogLevel.Information, "The search index is made from the log's {LastRow} events, because {Reason}; until it is complete a search finds only part")]
    private partial void RebuildBegins(string reason, long lastRow);

    [LoggerMessage(LogLevel.Information, "The search index has come to event {Row} of {LastRow}")]
    private partial void Progress(long row, long lastRow);

    [LoggerMessage(LogLevel.Information, "The search index is complete, up to event {Row}")]
    private partial void Rebuilt(long row);

    [LoggerMessage(LogLevel.Warning, "{Count} events before event {Row} cannot be read; a search does not find them")]
    private partial void Unreadable(int count, long row);

    [LoggerMessage(LogLevel.Warning, "The search index cannot be brought up to date; what is new is not found until it can. It is tried again. {Reason}")]
    private partial void IndexingFails(Exception? exception, string reason);

    [LoggerMessage(LogLevel.Information, "The search index is up to date again")]
    private partial void IndexingWorks();
}
