using System.Collections.Concurrent;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Storage;

/// <summary>What the writer makes of a store that fails: whose write fails, what is said of it, and that nothing stays counted or undone.</summary>
public sealed class GroupCommitFaultTests : IDisposable
{
    private static readonly LogUnavailableException Own = new("The event is larger than the store takes.");
    private static readonly LogUnavailableException Gone = new("The event log's file is gone.");

    private readonly LogLines _lines = new("Store");
    private readonly FakeTimeProvider _clock = new();
    private readonly ScriptedTarget _target = new();
    private readonly StoreAvailability _store;
    private readonly GroupCommitWriter _writer;

    public GroupCommitFaultTests()
    {
        _store = new StoreAvailability("writing", _lines.CreateLogger("Store"), _clock);
        _writer = new GroupCommitWriter(_target, _store, maxPendingBytes: 100_000, gather: TimeSpan.Zero);
    }

    public void Dispose() => _writer.Dispose();

    [Fact]
    public async Task A_write_that_fails_alone_is_tried_once_and_is_an_outage_until_the_store_was_quiet()
    {
        _target.Fault = Own;
        await FailsAsync(WriteAsync(), Own);
        _target.Attempts.Should().Equal(1);
        _target.Fault = null;
        _target.HasWorkLeft = true;
        await WriteAsync().Soon();
        (_store.IsAvailable, _writer.PendingBytes).Should().Be((false, 0));

        _clock.Advance(TimeSpan.FromSeconds(5));
        await _lines.UntilAsync(line => line.StartsWith("Information", StringComparison.Ordinal)).Soon();

        _store.IsAvailable.Should().BeTrue();
        _lines.All.Should().SatisfyRespectively(
            line => line.Should().StartWith("Warning").And.Contain(Own.Message), line => line.Should().StartWith("Information").And.Contain("1 calls"));
    }

    [Fact]
    public async Task A_store_that_is_gone_is_one_outage_of_all_that_waited_and_ends_with_the_next_commit()
    {
        var waiting = await WhileOneIsCommittedAsync(4, () => _target.Fault = Gone);
        foreach (var write in waiting)
        {
            await FailsAsync(write, Gone);
        }

        _target.Attempts.Should().Equal(1, 4);
        (_store.IsAvailable, _writer.PendingBytes).Should().Be((false, 0));
        _target.Fault = null;
        await WriteAsync().Soon();

        _store.IsAvailable.Should().BeTrue("the next commit was told of");
        _lines.All.Should().HaveCount(2).And.Subject.Last().Should().Contain("4 calls");
    }

    [Fact]
    public async Task A_store_that_goes_while_writes_are_tried_one_by_one_fails_the_rest_at_once()
    {
        _target.FaultOf = attempt => attempt switch { 2 => Own, 4 => Gone, _ => null };
        var waiting = await WhileOneIsCommittedAsync(4, () => { });

        (await waiting[0].Soon()).Should().BeTrue();
        foreach (var write in waiting[1..])
        {
            await FailsAsync(write, Gone);
        }

        _target.Attempts.Should().Equal(1, 4, 1, 1);
        _target.Cleaned.Where(writes => writes > 0).Should().Equal(1, 1);
        _writer.PendingBytes.Should().Be(0);
    }

    [Fact]
    public async Task Of_writes_that_are_tried_one_by_one_each_gets_its_own_outcome()
    {
        _target.FaultOf = attempt => attempt is 2 or 4 ? Own : null;
        var waiting = await WhileOneIsCommittedAsync(3, () => { });

        (await waiting[0].Soon(), await waiting[2].Soon()).Should().Be((true, true));
        await FailsAsync(waiting[1], Own);

        _target.Attempts.Should().Equal(1, 3, 1, 1, 1);
        _target.Cleaned.Where(writes => writes > 0).Should().Equal(1, 1, 1);
        _writer.PendingBytes.Should().Be(0);
    }

    [Fact]
    public async Task A_mistake_in_this_code_fails_its_write_and_is_not_an_outage()
    {
        var mistake = new InvalidOperationException("A broken constraint.");
        _target.Fault = mistake;

        await FailsAsync(WriteAsync(), mistake);

        (_store.IsAvailable, _writer.PendingBytes).Should().Be((true, 0));
        _lines.All.Should().BeEmpty();
    }

    [Fact]
    public async Task Work_after_a_commit_is_done_in_steps_until_none_is_left()
    {
        _target.Steps = 30;

        await WriteAsync().Soon();
        await Deadline.UntilAsync(() => _target.Cleaned.Count(committed => committed == 0) >= 30);

        _target.Cleaned.Where(committed => committed > 0).Should().Equal(1);
    }

    [Fact]
    public async Task Work_that_finds_the_store_away_is_an_outage_and_any_other_failure_of_it_an_error()
    {
        _target.Steps = 1;
        _target.CleanUpFault = committed => committed == 0 ? Gone : null;
        await WriteAsync().Soon();
        await _lines.UntilAsync(line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains(Gone.Message, StringComparison.Ordinal)).Soon();
        _store.IsAvailable.Should().BeFalse();

        _target.CleanUpFault = committed => committed == 1 ? new InvalidOperationException("A bug.") : null;
        await WriteAsync().Soon();

        _store.IsAvailable.Should().BeTrue();
        _lines.All.Should().Contain(line => line.StartsWith("Error: Work after a commit failed", StringComparison.Ordinal) && line.EndsWith("A bug.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_commit_is_told_of_with_its_time_and_what_waits_is_counted_until_it_is_done()
    {
        var took = new ConcurrentQueue<TimeSpan>();
        _writer.Committed += took.Enqueue;
        var start = _writer.LastCommitAt;
        (TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromHours(1), start > 0).Should().Be((true, true), "it is that of the start");

        var waiting = await WhileOneIsCommittedAsync(2, () => _writer.PendingBytes.Should().Be(3 * 512));
        await Task.WhenAll(waiting).Soon();

        _writer.PendingBytes.Should().Be(0);
        took.Should().HaveCount(2).And.OnlyContain(time => time >= TimeSpan.Zero && time < TimeSpan.FromHours(1));
        _writer.LastCommitAt.Should().BeGreaterThan(start);
        _target.Thread!.Should().Match<Thread>(thread => thread.IsBackground && thread.Name == "event log writer");
    }

    [Fact]
    public async Task What_is_dropped_because_its_caller_is_gone_is_counted_no_longer()
    {
        using var gone = new CancellationTokenSource();
        Task<bool>? dropped = null;
        await WhileOneIsCommittedAsync(0, () =>
        {
            dropped = _writer.WriteAsync(new PendingDelete(ThreadId.New(), 1, LogWriter.At, gone.Token));
            gone.Cancel();
        });

        await FluentActions.Awaiting(() => dropped!.Soon()).Should().ThrowAsync<OperationCanceledException>();
        (await WriteAsync().Soon()).Should().BeTrue();
        (_writer.PendingBytes, _target.Attempts.Sum()).Should().Be((0, 2));
    }

    [Fact]
    public async Task A_close_commits_what_was_accepted_before_it_closes_the_target()
    {
        var closing = Task.CompletedTask;
        var waiting = await WhileOneIsCommittedAsync(3, () => closing = Task.Run(_writer.Dispose));
        await closing.Soon();

        (await Task.WhenAll(waiting)).Should().OnlyContain(isDone => isDone);
        (_target.IsDisposed, _target.WasUsedAfterwards).Should().Be((true, false));
        await FluentActions.Awaiting(WriteAsync).Should().ThrowAsync<LogUnavailableException>().WithMessage("The event log is closed: the server is stopping.");
    }

    private static async Task FailsAsync(Task<bool> write, Exception with) =>
        (await FluentActions.Awaiting(() => write.Soon()).Should().ThrowAsync<Exception>()).Which.Should().BeSameAs(with);

    private Task<bool> WriteAsync() => _writer.WriteAsync(new PendingDelete(ThreadId.New(), 1, LogWriter.At, CancellationToken.None));

    /// <summary>So many writes that wait together while an earlier one is committed.</summary>
    private async Task<Task<bool>[]> WhileOneIsCommittedAsync(int writes, Action meanwhile)
    {
        using var gate = new ManualResetEventSlim();
        _target.Gate = gate;
        var first = WriteAsync();
        await _target.Entered.WaitAsync().Soon();
        var waiting = Enumerable.Range(0, writes).Select(_ => WriteAsync()).ToArray();
        meanwhile();
        _target.Gate = null;
        gate.Set();
        (await first.Soon()).Should().BeTrue();
        return waiting;
    }

    private sealed class ScriptedTarget : ICommitTarget
    {
        public SemaphoreSlim Entered { get; } = new(0);

        public ConcurrentQueue<int> Attempts { get; } = new();

        public ConcurrentQueue<int> Cleaned { get; } = new();

        public Exception? Fault { get; set; }

        /// <summary>By the number of the attempt to commit.</summary>
        public Func<int, Exception?> FaultOf { get; set; } = _ => null;

        public Func<int, Exception?> CleanUpFault { get; set; } = _ => null;

        public ManualResetEventSlim? Gate { get; set; }

        public bool HasWorkLeft { get; set; }

        public int Steps { get; set; }

        public Thread? Thread { get; private set; }

        public bool IsDisposed { get; private set; }

        public bool WasUsedAfterwards { get; private set; }

        public void Commit(IReadOnlyList<PendingWrite> batch)
        {
            Thread = Thread.CurrentThread;
            WasUsedAfterwards |= IsDisposed;
            Attempts.Enqueue(batch.Count);
            var fault = Fault ?? FaultOf(Attempts.Count);
            Entered.Release();
            Gate?.Wait();
            if (fault is not null)
            {
                throw fault;
            }

            foreach (var write in batch.Cast<PendingDelete>())
            {
                write.Result = true;
            }
        }

        public bool ConcernsEveryWrite(Exception failure) => failure == Gone;

        public bool CleanUp(IReadOnlyList<PendingWrite> committed)
        {
            WasUsedAfterwards |= IsDisposed;
            Cleaned.Enqueue(committed.Count);
            return CleanUpFault(committed.Count) is { } fault ? throw fault : HasWorkLeft || Steps-- > 0;
        }

        public void Dispose() => IsDisposed = true;
    }
}
