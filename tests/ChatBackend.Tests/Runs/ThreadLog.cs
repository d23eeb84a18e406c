using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Tests.Runs;

/// <summary>A log of one thread that is only read; keeps what was asked of it.</summary>
internal sealed class ThreadLog(ThreadId thread) : IEventLog
{
    private readonly List<StoredEvent> _events = [];

    public string LogId => "played";

    public List<string> Reads { get; } = [];

    /// <summary>So many reads are refused first.</summary>
    public int Away { get; set; }

    public IReadOnlyList<StoredEvent> Events => _events;

    /// <summary>Adds events, each with the next number and this time.</summary>
    public void Add(DateTimeOffset at, params IEnumerable<ThreadEvent> events)
    {
        foreach (var threadEvent in events)
        {
            var logged = threadEvent with { ThreadId = thread, Seq = _events.Count + 1, At = at };
            _events.Add(new StoredEvent(logged.Seq, WireJson.Encode((ServerFrame)logged)));
        }
    }

    public Task<IReadOnlyList<StoredEvent>> ReadAsync(ThreadId of, long afterSeq, int maxEvents, int maxBytes, CancellationToken cancellationToken) =>
        Read($"after {afterSeq}: {maxEvents}", [.. _events.Where(stored => stored.Seq > afterSeq).Take(maxEvents)]);

    public Task<IReadOnlyList<StoredEvent>> ReadBackAsync(ThreadId of, long beforeSeq, int maxEvents, CancellationToken cancellationToken) =>
        Read($"before {beforeSeq}: {maxEvents}", [.. _events.Where(stored => stored.Seq < beforeSeq).TakeLast(maxEvents)]);

    public Task<ThreadHeader?> OpenAsync(ThreadId of, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<AppendResult> AppendAsync(LogAppend append, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<StoredRecord>> ReadRecordsAsync(ThreadId of, long fromSeq, long toSeq, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<long?> FindEventAsync(ThreadId of, string id, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<PartCheckpoint>> ReadCheckpointsAsync(ThreadId of, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<CommandRecord?> FindCommandAsync(UserId user, ClientFrameId id, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<ThreadId>> ThreadsWithOpenWorkAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    private Task<IReadOnlyList<StoredEvent>> Read(string read, IReadOnlyList<StoredEvent> page)
    {
        Reads.Add(read);
        return Away-- > 0 ? Task.FromException<IReadOnlyList<StoredEvent>>(new LogUnavailableException("The store is away.")) : Task.FromResult(page);
    }
}
