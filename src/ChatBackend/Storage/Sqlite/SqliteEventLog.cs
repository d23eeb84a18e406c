using ChatBackend.Protocol;
using ChatBackend.Search;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatBackend.Storage.Sqlite;

/// <summary>
/// The log in one SQLite file, <c>chat.db</c> in the data directory: nothing to install.
/// A file that disappears while the server runs is never replaced by an empty one: the log stays unavailable until the same log is back in its place.
/// </summary>
internal sealed class SqliteEventLog : IEventLog, IThreadStore, IDisposable
{
    private readonly DataDirectory _directory;
    private readonly SqliteDatabase _database;
    private readonly SqliteReadPool _reads;
    private readonly SqliteSearchIndex _index;
    private readonly SearchIndexer _indexer;
    private readonly StorageOptions _options;
    private readonly TimeProvider _clock;
    private readonly StoreAvailability _writes;
    private GroupCommitWriter? _writer;

    public SqliteEventLog(
        DataDirectory directory, SqliteDatabase database, SqliteReadPool reads, SqliteSearchIndex index, SearchIndexer indexer, IOptions<StorageOptions> options,
        TimeProvider clock, ILogger<SqliteEventLog> logger)
    {
        (_directory, _database, _reads, _index, _indexer, _options, _clock) = (directory, database, reads, index, indexer, options.Value, clock);
        _writes = new StoreAvailability("writing", logger);
    }

    public string LogId => _database.LogId;

    private GroupCommitWriter Writer =>
        _writer ?? throw new InvalidOperationException("The event log is not open yet: StorageStartup opens it when the host starts.");

    public string Path => _database.Path;

    public IReadOnlyList<StoreAvailability> Availability => [_reads.Availability, _writes];

    /// <inheritdoc cref="GroupCommitWriter.Committed"/>
    public event Action<TimeSpan>? Committed;

    /// <inheritdoc/>
    public event Action<UserId>? ListChanged;

    /// <inheritdoc cref="GroupCommitWriter.LastCommitAt"/>
    public long LastCommitAt => Writer.LastCommitAt;

    public long PendingBytes => Writer.PendingBytes;

    /// <inheritdoc cref="PendingWrites.Waiting"/>
    public int WaitingWrites => Writer.Waiting;

    /// <summary>What the start found.</summary>
    public OpenedLog Opened { get; private set; } = null!;

    /// <summary>Brings the schema up to date and starts the writer. Before anything else, once.</summary>
    /// <exception cref="InvalidOperationException">It cannot be opened; the message says why and what to do.</exception>
    public OpenedLog EnsureReady()
    {
        try
        {
            Opened = SqliteSchema.Ensure(_database);
        }
        catch (SqliteException ex)
        {
            throw new InvalidOperationException($"The event log {Path} cannot be opened: {SqliteErrors.Remedy(ex)}", ex);
        }
        catch (IOException ex)
        {
            throw new InvalidOperationException($"The event log {Path} cannot be opened: look at the disk and at who owns the data directory.", ex);
        }

        _writer = new GroupCommitWriter(
            new SqliteCommitTarget(_database, _directory, _options, _indexer.Wake), _writes, _options.MaxPendingBytes);
        _writer.Committed += took => Committed?.Invoke(took);
        _writer.ListChanged += user => ListChanged?.Invoke(user);
        return Opened;
    }

    public Task<ThreadHeader?> OpenAsync(ThreadId thread, CancellationToken cancellationToken) => Writer.OpenAsync(thread, cancellationToken);

    public Task<AppendResult> AppendAsync(LogAppend append, CancellationToken cancellationToken)
    {
        append.ThrowIfInconsistent();
        // Here and not by the writer, whose time all threads share.
        var events = append.Events.Select(added => added with { Json = EventBytes.Compress(added.Json), Record = EventBytes.Compress(added.Record) });
        var result = append.Result is { } whole ? whole with { Pieces = [.. whole.Pieces.Select(EventBytes.Compress)] } : null;
        return Writer.AppendAsync(append with { Events = [.. events], Result = result }, cancellationToken);
    }

    public Task<IReadOnlyList<StoredEvent>> ReadAsync(ThreadId thread, long afterSeq, int maxEvents, int maxBytes, CancellationToken cancellationToken) =>
        _reads.ReadAsync(log => log.EventsAfter(thread, afterSeq, maxEvents, maxBytes), cancellationToken);

    public Task<IReadOnlyList<StoredEvent>> ReadBackAsync(ThreadId thread, long beforeSeq, int maxEvents, CancellationToken cancellationToken) =>
        _reads.ReadAsync(log => log.EventsBefore(thread, beforeSeq, maxEvents), cancellationToken);

    public Task<IReadOnlyList<StoredRecord>> ReadRecordsAsync(ThreadId thread, long fromSeq, long toSeq, CancellationToken cancellationToken) =>
        _reads.ReadAsync(log => log.Records(thread, fromSeq, toSeq), cancellationToken);

    public Task<long?> FindEventAsync(ThreadId thread, string id, CancellationToken cancellationToken) =>
        _reads.ReadAsync(log => log.EventOfId(thread, id), cancellationToken);

    public Task<IReadOnlyList<PartCheckpoint>> ReadCheckpointsAsync(ThreadId thread, CancellationToken cancellationToken) =>
        _reads.ReadAsync(log => log.Checkpoints(thread), cancellationToken);

    public Task<CommandRecord?> FindCommandAsync(UserId user, ClientFrameId id, CancellationToken cancellationToken) =>
        _reads.ReadAsync(log => log.Command(user, id), cancellationToken);

    public Task<IReadOnlyList<ThreadId>> ThreadsWithOpenWorkAsync(CancellationToken cancellationToken) =>
        _reads.ReadAsync(log => log.WithOpenWork(), cancellationToken);

    public Task<ThreadRecord?> FindAsync(UserId owner, ThreadId thread, CancellationToken cancellationToken) =>
        _reads.ReadAsync(log => log.Thread(owner, thread), cancellationToken);

    public Task<ResultPiece?> ReadResultAsync(ThreadId thread, CallId call, int piece, CancellationToken cancellationToken) =>
        _reads.ReadAsync(log => log.ResultPiece(thread, call, piece), cancellationToken);

    public Task<ThreadPage> ListAsync(UserId owner, bool isArchived, ThreadListPosition? after, int max, CancellationToken cancellationToken) =>
        _reads.BrowseAsync(owner, log => log.Threads(owner, isArchived, after, max), cancellationToken);

    public Task<ListRange> ListRangeAsync(UserId owner, CancellationToken cancellationToken) =>
        _reads.ReadAsync(log => log.ListRange(owner), cancellationToken);

    public Task<ListChanges> ListChangesAsync(UserId owner, long after, int max, CancellationToken cancellationToken) =>
        _reads.ReadAsync(log => log.ListChanges(owner, after, max), cancellationToken);

    public async Task<FoundPage> SearchAsync(
        UserId owner, string query, bool? isArchived, SearchPosition? after, int max, CancellationToken cancellationToken)
    {
        if (SearchQuery.Parse(query) is not { } parsed)
        {
            return new FoundPage([], null);
        }

        try
        {
            return await _reads.BrowseAsync(
                owner, log => new SqliteSearch(log, _index, owner, parsed, isArchived).Page(after, max), cancellationToken);
        }
        catch (SearchUnavailableException)
        {
            _indexer.ReportDamage();
            throw;
        }
    }

    public Task<IReadOnlyList<ThreadHistory>> CreatedBeforeAsync(DateTimeOffset time, long afterKey, int max, CancellationToken cancellationToken) =>
        _reads.ReadAsync(log => log.CreatedBefore(time, afterKey, max), cancellationToken);

    public Task<bool> ArchiveAsync(UserId owner, ThreadId thread, bool isArchived, CancellationToken cancellationToken) =>
        Writer.WriteAsync(new PendingArchive(owner, thread, isArchived, _clock.GetUtcNow(), cancellationToken));

    public Task<long?> MarkReadAsync(UserId owner, ThreadId thread, long? seq, CancellationToken cancellationToken) =>
        Writer.WriteAsync(new PendingRead(owner, thread, seq, _clock.GetUtcNow(), cancellationToken));

    public Task<bool> DeleteAsync(ThreadId thread, long epoch, CancellationToken cancellationToken) =>
        Writer.WriteAsync(new PendingDelete(thread, epoch, _clock.GetUtcNow(), cancellationToken));

    public Task<bool> EraseAsync(CancellationToken cancellationToken) => _indexer.EraseAsync(
        log => log.TextsToErase(SqliteMaintenance.MaxRows),
        () => Writer.WriteAsync(new PendingErase(_clock.GetUtcNow().AddDays(-_options.KeepCommandsDays), cancellationToken)),
        cancellationToken);

    public Task<bool> TrimAsync(ThreadId thread, long historyBegins, CancellationToken cancellationToken) => _indexer.EraseAsync(
        log => log.TextsToTrim(thread, historyBegins, SqliteMaintenance.MaxRows),
        () => Writer.WriteAsync(new PendingTrim(thread, historyBegins, cancellationToken)),
        cancellationToken);

    // The writer still needs the database for what it accepted, and readers must not hold the WAL when it is brought home.
    public void Dispose()
    {
        _reads.Dispose();
        _writer?.Dispose();
        _database.Dispose();
    }
}
