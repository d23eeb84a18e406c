using System.Diagnostics.Metrics;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Storage;
using ChatBackend.Threads.Maintenance;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Threads;

/// <summary>When what deleted threads held is erased, and how it makes room for others meanwhile.</summary>
public sealed class ErasureTests : IAsyncLifetime
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly TimersOfTest _clock = new();
    private readonly LogLines _lines = new("");
    private readonly Steps _steps = new();
    private readonly Erasure _erasure;

    public ErasureTests()
    {
        var loggers = LoggerFactory.Create(logging => logging.AddProvider(_lines));
        _erasure = new Erasure(_steps, new ChatMetrics(_services.GetRequiredService<IMeterFactory>()), _clock, loggers.CreateLogger<Erasure>());
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _erasure.StopAsync(CancellationToken.None);
        _erasure.Dispose();
        await _services.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(16)]
    public async Task Steps_follow_on_one_another_until_nothing_is_left(int steps)
    {
        _steps.Left = steps;

        await _erasure.EraseAsync(CancellationToken.None).Soon();

        _steps.Count.Should().Be(steps);
    }

    [Fact]
    public async Task After_every_sixteen_steps_readers_get_a_moment()
    {
        _steps.Left = 34;

        var erasing = _erasure.EraseAsync(CancellationToken.None);
        for (var pause = 0; pause < 2; pause++)
        {
            await _clock.UntilAsync(pause + 1);
            (_steps.Count, erasing.IsCompleted).Should().Be(((pause + 1) * 16, false));
            _clock.Advance(TimeSpan.FromMilliseconds(50));
        }

        await erasing.Soon();
        _steps.Count.Should().Be(34);
        _clock.Waits.Should().HaveCount(2).And.AllBeEquivalentTo(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public async Task A_second_caller_waits_for_the_first_and_then_looks_for_itself()
    {
        _steps.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (first, second) = (_erasure.EraseAsync(CancellationToken.None), _erasure.EraseAsync(CancellationToken.None));
        (_steps.Count, first.IsCompleted, second.IsCompleted).Should().Be((1, false, false));

        _steps.Gate.SetResult();
        await Task.WhenAll(first, second).Soon();

        (_steps.Count, _steps.MostAtOnce).Should().Be((2, 1));
    }

    [Fact]
    public async Task A_caller_that_fails_lets_the_next_one_in()
    {
        _steps.Failure = new LogUnavailableException("away");
        await FluentActions.Awaiting(() => _erasure.EraseAsync(CancellationToken.None)).Should().ThrowAsync<LogUnavailableException>().WithMessage("away");

        _steps.Failure = null;
        await _erasure.EraseAsync(CancellationToken.None).Soon();

        _steps.Count.Should().Be(2);
    }

    [Fact]
    public async Task A_start_goes_on_with_what_is_left_and_then_looks_once_an_hour()
    {
        _steps.Left = 3;
        await _erasure.StartAsync(CancellationToken.None);
        await _clock.UntilAsync(1);
        _steps.Count.Should().Be(3);

        (await TicksUntilAsync(4)).Should().BeInRange(720, 1000, "a tick passes uncounted when it comes too soon after another");
        (await TicksUntilAsync(5)).Should().BeInRange(720, 1000, "that is an hour");
    }

    [Fact]
    public async Task What_did_not_come_to_its_end_is_tried_again_soon_until_it_does()
    {
        await _erasure.StartAsync(CancellationToken.None);
        await _clock.UntilAsync(1);
        _steps.Failure = new InvalidOperationException("broken");
        await FluentActions.Awaiting(() => _erasure.EraseAsync(CancellationToken.None)).Should().ThrowAsync<InvalidOperationException>();
        _steps.Count.Should().Be(2);

        (await TicksUntilAsync(3)).Should().BeLessThan(10);
        await _lines.UntilAsync(line => line.StartsWith("Error: Background service erasure failed at what deleted threads held", StringComparison.Ordinal)).Soon();
        _steps.Failure = null;
        (await TicksUntilAsync(4)).Should().BeLessThan(10);

        (await TicksUntilAsync(5)).Should().BeGreaterThan(600, "nothing is due any more");
    }

    /// <summary>How many times five seconds pass until so many steps were made.</summary>
    private async Task<int> TicksUntilAsync(int steps)
    {
        var ticks = 0;
        for (; _steps.Count < steps; ticks++)
        {
            ticks.Should().BeLessThan(2000);
            _clock.Advance(TimeSpan.FromSeconds(5));
            await Task.Run(static () => { });
            await Task.Run(static () => { });
        }

        return ticks;
    }

    /// <summary>A store with so many steps to go. The other half of it is not asked.</summary>
    private sealed class Steps : IThreadStore
    {
        private int _count;
        private int _atOnce;
        private int _most;

        public int Left { get; set; } = 1;

        public Exception? Failure { get; set; }

        public TaskCompletionSource? Gate { get; set; }

        public int Count => Volatile.Read(ref _count);

        public int MostAtOnce => _most;

        public async Task<bool> EraseAsync(CancellationToken cancellationToken)
        {
            _most = Math.Max(_most, Interlocked.Increment(ref _atOnce));
            Interlocked.Increment(ref _count);
            if (Gate is { } gate)
            {
                await gate.Task;
            }

            Interlocked.Decrement(ref _atOnce);
            return Failure is { } failure ? throw failure : --Left <= 0;
        }

        public Task<ThreadRecord?> FindAsync(UserId owner, ThreadId thread, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<ThreadPage> ListAsync(UserId owner, bool isArchived, ThreadListPosition? after, int max, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<FoundPage> SearchAsync(UserId owner, string query, bool? isArchived, SearchPosition? after, int max, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<ResultPiece?> ReadResultAsync(ThreadId thread, CallId call, int piece, CancellationToken cancellationToken) => throw new NotSupportedException();

        public event Action<UserId>? ListChanged
        {
            add => throw new NotSupportedException();
            remove => throw new NotSupportedException();
        }

        public Task<ListRange> ListRangeAsync(UserId owner, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<ListChanges> ListChangesAsync(UserId owner, long after, int max, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<long?> MarkReadAsync(UserId owner, ThreadId thread, long? seq, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> ArchiveAsync(UserId owner, ThreadId thread, bool isArchived, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> DeleteAsync(ThreadId thread, long epoch, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<ThreadHistory>> CreatedBeforeAsync(DateTimeOffset time, long afterKey, int max, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<bool> TrimAsync(ThreadId thread, long historyBegins, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
