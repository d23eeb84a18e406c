using System.Collections.Concurrent;
using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace ChatBackend.Tests.Following;

/// <summary>Pages for followers that catch up: few at once, so that the store is there for all others, and none that cannot be read.</summary>
public sealed class LogPagesTests
{
    private static readonly ThreadId Thread = new("thr_1");

    [Fact]
    public async Task At_most_every_second_processor_reads_a_page_and_the_next_one_comes_when_one_has_its_page()
    {
        var held = new ConcurrentQueue<TaskCompletionSource<IReadOnlyList<StoredEvent>>>();
        var pages = new LogPages(Log(() =>
        {
            var page = new TaskCompletionSource<IReadOnlyList<StoredEvent>>(TaskCreationOptions.RunContinuationsAsynchronously);
            held.Enqueue(page);
            return page.Task;
        }));

        var reads = Enumerable.Range(0, Environment.ProcessorCount + 1).Select(_ => pages.AfterAsync(Thread, 0, CancellationToken.None)).ToList();

        var atOnce = held.Count;
        atOnce.Should().BeInRange(1, Math.Max(1, Environment.ProcessorCount / 2));
        held.TryDequeue(out var first).Should().BeTrue();
        first!.SetException(new LogUnavailableException("The store is away."));
        await FluentActions.Awaiting(() => reads[0].Soon()).Should().ThrowAsync<LogUnavailableException>();
        await Deadline.UntilAsync(() => held.Count == atOnce);
        while (reads.Any(read => !read.IsCompleted))
        {
            await Deadline.UntilAsync(() => !held.IsEmpty || reads.All(read => read.IsCompleted));
            if (held.TryDequeue(out var next))
            {
                next.SetResult([]);
            }
        }

        (await Task.WhenAll(reads.Skip(1))).Should().OnlyContain(page => page.Count == 0);
    }

    [Fact]
    public async Task Who_leaves_while_it_waits_for_its_turn_takes_none()
    {
        var held = new TaskCompletionSource<IReadOnlyList<StoredEvent>>();
        var calls = 0;
        var pages = new LogPages(Log(() =>
        {
            calls++;
            return held.Task;
        }));
        using var leaving = new CancellationTokenSource();
        var reads = Enumerable.Range(0, Math.Max(1, Environment.ProcessorCount / 2)).Select(_ => pages.AfterAsync(Thread, 0, CancellationToken.None)).ToList();
        var waiting = pages.AfterAsync(Thread, 0, leaving.Token);

        await leaving.CancelAsync();

        await FluentActions.Awaiting(() => waiting.Soon()).Should().ThrowAsync<OperationCanceledException>();
        held.SetResult([]);
        await Task.WhenAll(reads).Soon();
        calls.Should().Be(reads.Count);
        (await pages.AfterAsync(Thread, 0, CancellationToken.None).Soon()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_page_that_cannot_be_read_puts_its_thread_into_quarantine()
    {
        using var services = new ServiceCollection().AddMetrics().AddSingleton<ChatMetrics>().BuildServiceProvider();
        var metrics = services.GetRequiredService<ChatMetrics>();
        var log = Log(() => Task.FromResult<IReadOnlyList<StoredEvent>>([new StoredEvent(1, "{"u8.ToArray())]));
        var pages = new LogPages(log, new Quarantine(log, null!, metrics, TimeProvider.System, NullLogger<Quarantine>.Instance));

        await FluentActions.Awaiting(() => pages.AfterAsync(Thread, 0, CancellationToken.None)).Should().ThrowAsync<UnreadableThreadException>();

        metrics.ThreadsQuarantined.Should().Be(1);
        pages.LogId.Should().Be("log_1");
    }

    private static IEventLog Log(Func<Task<IReadOnlyList<StoredEvent>>> read) =>
        ServiceDecoration.Of<IEventLog>(null!, (_, called, _) => called == nameof(IEventLog.ReadAsync) ? read() : "log_1");
}
