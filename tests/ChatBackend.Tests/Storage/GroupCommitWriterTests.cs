using System.Collections.Concurrent;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Contracts;
using Microsoft.Extensions.Logging.Abstractions;

namespace ChatBackend.Tests.Storage;

public sealed class GroupCommitWriterTests : IDisposable
{
    private readonly FakeTarget _target = new();
    private readonly GroupCommitWriter _writer;

    public GroupCommitWriterTests() =>
        _writer = new GroupCommitWriter(_target, new StoreAvailability("tests", NullLogger.Instance), maxPendingBytes: 100_000);

    [Fact]
    public async Task What_waits_while_a_commit_is_under_way_shares_the_next()
    {
        using (_target.Hold())
        {
            await HoldFirstAsync();
            var rest = Enumerable.Range(0, 30).Select(_ => AppendAsync()).ToArray();
            _target.Release();
            await Task.WhenAll(rest);
        }

        _target.Batches.Should().Equal(1, 30);
    }

    [Fact]
    public async Task One_append_that_cannot_be_written_fails_alone()
    {
        using (_target.Hold())
        {
            await HoldFirstAsync();
            var good = Enumerable.Range(0, 10).Select(_ => AppendAsync()).ToArray();
            var poison = AppendAsync(FakeTarget.Poison);
            var after = AppendAsync();
            _target.Release();

            await Task.WhenAll([.. good, after]);
            await FluentActions.Awaiting(() => poison).Should().ThrowAsync<LogUnavailableException>();
        }
    }

    [Fact]
    public async Task A_store_that_is_gone_is_not_asked_again_for_each()
    {
        using (_target.Hold())
        {
            await HoldFirstAsync();
            _target.Gone = true;
            var rest = Enumerable.Range(0, 10).Select(_ => AppendAsync()).ToArray();
            _target.Release();

            foreach (var append in rest)
            {
                await FluentActions.Awaiting(() => append).Should().ThrowAsync<LogUnavailableException>();
            }
        }

        _target.Batches.Should().Equal(1, 10);
    }

    [Fact]
    [Trait("failure", "Q2")]
    public async Task What_fails_after_a_commit_fails_no_write_of_it()
    {
        _target.CleanUpFails = true;

        (await AppendAsync()).Should().Be(AppendResult.Appended.Instance);
        (await AppendAsync()).Should().Be(AppendResult.Appended.Instance);
        _target.Batches.Should().Equal(1, 1);
    }

    [Fact]
    public async Task Beyond_the_bound_an_append_is_refused_at_once_until_there_is_room()
    {
        using (_target.Hold())
        {
            var first = await HoldFirstAsync(bytes: 60_000);
            AppendAsync(bytes: 60_000).IsFaulted.Should().BeTrue();
            var fits = AppendAsync(bytes: 30_000);
            _target.Release();
            await Task.WhenAll(first, fits);
        }

        (await AppendAsync(bytes: 90_000)).Should().Be(AppendResult.Appended.Instance);
    }

    [Fact]
    public async Task Cancelled_before_it_is_taken_it_is_dropped_and_after_it_is_awaited()
    {
        using var cancel = new CancellationTokenSource();
        using (_target.Hold())
        {
            var taken = await HoldFirstAsync(cancel: cancel);
            var waiting = AppendAsync(cancel: cancel);
            await cancel.CancelAsync();
            taken.IsCompleted.Should().BeFalse();
            _target.Release();

            (await taken).Should().Be(AppendResult.Appended.Instance);
            await FluentActions.Awaiting(() => waiting).Should().ThrowAsync<OperationCanceledException>();
        }
    }

    [Fact]
    public async Task Opening_keeps_its_place_among_the_appends()
    {
        using (_target.Hold())
        {
            await HoldFirstAsync();
            var append = AppendAsync();
            var open = _writer.OpenAsync(ThreadId.New(), TestContext.Current.CancellationToken);
            var last = AppendAsync();
            _target.Release();
            await Task.WhenAll(append, open, last);
        }

        _target.Order.Should().Equal("append", "append", "open", "append");
    }

    [Fact]
    public async Task Those_who_shared_a_commit_are_waited_for_and_who_wrote_alone_is_not_held_up()
    {
        var target = new FakeTarget();
        using var patient = new GroupCommitWriter(
            target, new StoreAvailability("tests", NullLogger.Instance), maxPendingBytes: 100_000, gather: TimeSpan.FromHours(1));
        Task<AppendResult> AppendAsync() => patient.AppendAsync(Append(), TestContext.Current.CancellationToken);

        await AppendAsync();
        await target.Entered.WaitAsync(TestContext.Current.CancellationToken);
        using (target.Hold())
        {
            var first = AppendAsync();
            await target.Entered.WaitAsync(TestContext.Current.CancellationToken);
            Task[] together = [AppendAsync(), AppendAsync(), AppendAsync()];
            target.Release();
            await Task.WhenAll([first, .. together]);
        }

        await Task.WhenAll(AppendAsync(), AppendAsync(), AppendAsync());

        target.Batches.Should().Equal(1, 1, 3, 3);
    }

    [Fact]
    public async Task Those_who_shared_a_commit_are_not_waited_for_longer_than_a_moment()
    {
        using (_target.Hold())
        {
            await HoldFirstAsync();
            Task[] together = [AppendAsync(), AppendAsync(), AppendAsync()];
            _target.Release();
            await Task.WhenAll(together);
        }

        await AppendAsync();

        _target.Batches.Should().Equal(1, 3, 1);
    }

    public void Dispose() => _writer.Dispose();

    /// <summary>An append that the writer has taken and is committing.</summary>
    private async Task<Task<AppendResult>> HoldFirstAsync(int bytes = 0, CancellationTokenSource? cancel = null)
    {
        var first = AppendAsync(bytes: bytes, cancel: cancel);
        await _target.Entered.WaitAsync(TestContext.Current.CancellationToken);
        return first;
    }

    private Task<AppendResult> AppendAsync(string? text = null, int bytes = 0, CancellationTokenSource? cancel = null) =>
        _writer.AppendAsync(Append(text, bytes), cancel?.Token ?? TestContext.Current.CancellationToken);

    private static LogAppend Append(string? text = null, int bytes = 0) => new()
    {
        Thread = new ThreadId(text ?? "thr"),
        Epoch = 1,
        Head = 0,
        OpenFrom = null,
        At = LogWriter.At,
        Events = bytes == 0 ? [] : [new LogEvent(1, new byte[bytes], null)],
    };

    private sealed class FakeTarget : ICommitTarget
    {
        public const string Poison = "poison";

        private readonly ManualResetEventSlim _open = new(initialState: true);

        public SemaphoreSlim Entered { get; } = new(0);

        public ConcurrentQueue<int> Batches { get; } = new();

        public ConcurrentQueue<string> Order { get; } = new();

        public bool Gone { get; set; }

        public bool CleanUpFails { get; set; }

        public IDisposable Hold()
        {
            _open.Reset();
            return new Releasing(this);
        }

        public void Release() => _open.Set();

        public void Commit(IReadOnlyList<PendingWrite> batch)
        {
            var gone = Gone;
            Batches.Enqueue(batch.Count);
            Entered.Release();
            _open.Wait();
            if (gone || batch.Any(write => write is PendingAppend { Append.Thread.Value: Poison }))
            {
                throw new LogUnavailableException(gone ? "gone" : "poison");
            }

            foreach (var write in batch)
            {
                Order.Enqueue(write is PendingOpen ? "open" : "append");
                if (write is PendingAppend append)
                {
                    append.Result = AppendResult.Appended.Instance;
                }
            }
        }

        public bool ConcernsEveryWrite(Exception failure) => failure.Message == "gone";

        public bool CleanUp(IReadOnlyList<PendingWrite> committed) =>
            CleanUpFails ? throw new InvalidOperationException("not cleaned up") : false;

        public void Dispose() => _open.Dispose();

        private sealed class Releasing(FakeTarget target) : IDisposable
        {
            // A test that fails must not leave the writer waiting for it.
            public void Dispose() => target.Release();
        }
    }
}
