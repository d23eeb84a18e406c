using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Runs.History;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using ChatBackend.Tests.Client;
using ChatBackend.Threads;
using ChatBackend.Threads.Maintenance;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Threads;

/// <summary>Where a thread begins after a round, to the event, and what a round does when something goes wrong in it.</summary>
public sealed class RetentionRulesTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 9, 30, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Old = Now.AddDays(-7).AddMilliseconds(-1);
    private static readonly DateTimeOffset Young = Now.AddDays(-7);

    private readonly ServiceProvider _metrics = new ServiceCollection().AddMetrics().AddSingleton<ChatMetrics>().BuildServiceProvider();
    private readonly TickingTime _clock = new(Now);
    private readonly ThreadOptions _options = new() { RetainDays = 7 };
    private readonly Dictionary<string, List<ThreadEvent>> _threads = [];
    private readonly List<string> _calls = [];
    private readonly ChatHistoryCache _histories;
    private readonly Quarantine _quarantine;
    private readonly Retention _retention;
    private Func<string, bool> _trimmed = _ => true;
    private Func<string, Exception?> _fault = _ => null;
    private Func<int, List<ThreadHistory>>? _pages;
    private int _untrimmed;

    public RetentionRulesTests()
    {
        var metrics = _metrics.GetRequiredService<ChatMetrics>();
        var log = ProxyOf<IEventLog>((_, args) => Read(((ThreadId)args[0]!).Value, (long)args[1]!));
        var store = ProxyOf<IThreadStore>((called, args) => called switch
        {
            nameof(IThreadStore.CreatedBeforeAsync) => Task.FromResult<IReadOnlyList<ThreadHistory>>(Page((DateTimeOffset)args[0]!, (long)args[1]!)),
            nameof(IThreadStore.TrimAsync) => Trim(((ThreadId)args[0]!).Value, (long)args[1]!),
            nameof(IThreadStore.EraseAsync) => Erased(),
            _ => throw new InvalidOperationException($"{called} is not asked for."),
        });
        _histories = new ChatHistoryCache(Options.Create(new RunOptions()), metrics, _clock);
        _quarantine = new Quarantine(log, store, metrics, _clock, NullLogger<Quarantine>.Instance);
        _retention = new Retention(
            log, store, _quarantine, new Erasure(store, metrics, _clock, NullLogger<Erasure>.Instance), _histories, Options.Create(_options), metrics, _clock, NullLogger<Retention>.Instance);
    }

    public void Dispose() => _metrics.Dispose();

    public static TheoryData<string, int?> Threads => new()
    {
        { "m o, s o, c o, m o, s o, c o, m y", 7 }, // m: message, s: start, c: completed; o: old, y: young
        { "m o, s o, c o", 4 },
        { "m o, s o, c y", null },
        { "m o, s o, c o, m o, s o, c y", 4 },
        { "m o, s o", null },
        { "m o, s o, c o, m o", 4 },
        { "m o, s o, c o, t o, m y", 5 }, // t: a title
        { "m y, s y, c y", null },
        { "", null },
    };

    [Theory]
    [MemberData(nameof(Threads))]
    public async Task A_thread_begins_behind_its_last_old_exchange_that_was_answered(string thread, int? begins)
    {
        Thread("thr_1", thread);

        (await TrimAsync()).Should().Be(begins is null ? 0 : 1);

        _calls.Should().Equal(begins is null ? ["page 0"] : ["page 0", $"trim thr_1 {begins}", "erase"]);
    }

    [Fact]
    public async Task What_an_earlier_round_left_is_trimmed_however_young_the_rest_is()
    {
        Thread("thr_1", "m y, s y, c y");
        _untrimmed = 1;
        var steps = 3;
        _trimmed = _ => --steps == 0;

        (await TrimAsync()).Should().Be(1);

        _calls.Should().Equal("page 0", "trim thr_1 1", "trim thr_1 1", "trim thr_1 1", "erase");
    }

    [Fact]
    public async Task Every_page_of_threads_is_gone_over_and_what_models_were_shown_of_trimmed_ones_is_forgotten()
    {
        Thread("thr_1", "m o, s o, c o");
        Thread("thr_2", "m y");
        Thread("thr_3", "m o, s o, c o");
        _pages = after => [.. History().Where(thread => thread.Key > after).Take(2)];
        Keep("thr_1");
        var kept = Keep("thr_2");

        (await TrimAsync()).Should().Be(2);

        _calls.Should().Equal("page 0", "trim thr_1 4", "page 2", "trim thr_3 4", "erase");
        _histories.Bytes.Should().Be(kept);
    }

    [Fact]
    public async Task A_thread_that_cannot_be_read_is_put_in_quarantine_and_the_others_are_trimmed()
    {
        Thread("thr_1", "m o, s o, c o");
        Thread("thr_2", "m o, s o, c o");
        _fault = thread => thread == "thr_1" ? new UnreadableThreadException(new ThreadId("thr_1"), 1, "it is missing.") : null;

        (await TrimAsync()).Should().Be(1);

        _calls.Should().Equal("page 0", "trim thr_2 4", "erase");
        _metrics.GetRequiredService<ChatMetrics>().ThreadsQuarantined.Should().Be(1);
    }

    [Fact]
    public async Task When_the_store_goes_away_the_rest_is_left_for_the_next_time()
    {
        Thread("thr_1", "m o, s o, c o");
        Thread("thr_2", "m o, s o, c o");
        _fault = thread => thread == "thr_1" ? new LogUnavailableException("The store is away.") : null;

        await FluentActions.Awaiting(TrimAsync).Should().ThrowAsync<LogUnavailableException>();

        _calls.Should().Equal("page 0");
    }

    [Fact]
    public async Task When_the_server_stops_a_round_ends()
    {
        Thread("thr_1", "m o, s o, c o");
        Thread("thr_2", "m o, s o, c o");
        using var stopping = new CancellationTokenSource();
        _fault = _ =>
        {
            stopping.Cancel();
            return new OperationCanceledException(stopping.Token);
        };

        await FluentActions.Awaiting(() => _retention.TrimAsync(stopping.Token)).Should().ThrowAsync<OperationCanceledException>();

        _calls.Should().Equal("page 0");
    }

    [Fact]
    public async Task A_round_is_made_at_the_start_and_once_an_hour()
    {
        await _retention.StartAsync(CancellationToken.None);
        await RoundsAsync(1);
        await _clock.Ticks.Task.Soon();
        for (var round = 2; round <= 3; round++)
        {
            _clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromTicks(1));
            _calls.Should().HaveCount(round - 1);
            _clock.Advance(TimeSpan.FromTicks(1));
            await RoundsAsync(round);
        }

        await _retention.StopAsync(CancellationToken.None).Soon();
    }

    [Fact]
    public async Task Where_everything_is_kept_no_round_is_made()
    {
        _options.RetainDays = 0;

        await _retention.StartAsync(CancellationToken.None);
        await _retention.ExecuteTask!.Soon();

        _calls.Should().BeEmpty();
    }

    [Fact]
    public async Task One_day_is_kept_as_one_day()
    {
        _options.RetainDays = 1;
        Thread("thr_1", "m y, s y, c y");

        await _retention.StartAsync(CancellationToken.None);
        await Deadline.UntilAsync(() => Calls().Contains("erase"));
        await _retention.StopAsync(CancellationToken.None).Soon();

        _calls.Should().Equal("page 0", "trim thr_1 4", "erase");
    }

    private Task<int> TrimAsync() => _retention.TrimAsync(CancellationToken.None).Soon();

    private Task RoundsAsync(int count) => Deadline.UntilAsync(() => Calls().Count == count);

    private List<string> Calls()
    {
        lock (_calls)
        {
            return [.. _calls];
        }
    }

    private void Call(string call)
    {
        lock (_calls)
        {
            _calls.Add(call);
        }
    }

    private void Thread(string id, string events) => _threads[id] =
    [
        .. events.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select((threadEvent, i) => (threadEvent[0] switch
        {
            'm' => (ThreadEvent)WriterBench.Message($"msg_{i}"),
            's' => WriterBench.Started($"run_{i}", $"msg_{i - 1}"),
            'c' => WriterBench.Answered($"run_{i - 1}"),
            _ => new ThreadRenamed { Title = "title", By = RenamedBy.User },
        }) with { ThreadId = new ThreadId(id), Seq = i + 1, At = threadEvent[2] == 'o' ? Old : Young }),
    ];

    private long Keep(string thread)
    {
        var exchanges = new ChatHistory();
        exchanges.Add(WriterBench.Message("msg_1", content: new string('x', 1000)) with { Seq = 1 });
        var before = _histories.Bytes;
        _histories.Keep(_histories.Take(new ThreadId(thread), out _), exchanges);
        return _histories.Bytes - before;
    }

    private List<ThreadHistory> History() =>
        [.. _threads.Select((thread, i) => new ThreadHistory(i + 1, new ThreadId(thread.Key), new UserId("usr_1"), 1, thread.Value.Count, _untrimmed == i + 1))];

    private List<ThreadHistory> Page(DateTimeOffset before, long after)
    {
        before.Should().Be(Now.AddDays(-_options.RetainDays).Add(_clock.GetUtcNow() - Now));
        var page = _pages?.Invoke((int)after) ?? [.. History().Where(thread => thread.Key > after)];
        if (after == 0 || page.Count > 0)
        {
            Call($"page {after}");
        }

        return page;
    }

    private Task<IReadOnlyList<StoredEvent>> Read(string thread, long after) => _fault(thread) is { } fault
        ? Task.FromException<IReadOnlyList<StoredEvent>>(fault)
        : Task.FromResult<IReadOnlyList<StoredEvent>>([.. _threads[thread].Where(threadEvent => threadEvent.Seq > after).Take(2).Select(threadEvent => new StoredEvent(threadEvent.Seq, WireJson.Encode(threadEvent)))]);

    private Task<bool> Trim(string thread, long begins)
    {
        Call($"trim {thread} {begins}");
        return Task.FromResult(_trimmed(thread));
    }

    private Task<bool> Erased()
    {
        Call("erase");
        return Task.FromResult(true);
    }

    private static T ProxyOf<T>(Func<string, object?[], object> handle) where T : class
    {
        var proxy = System.Reflection.DispatchProxy.Create<T, Proxy>();
        ((Proxy)(object)proxy).Handle = handle;
        return proxy;
    }

    /// <summary>Knows what it is asked with.</summary>
    public class Proxy : System.Reflection.DispatchProxy
    {
        internal Func<string, object?[], object> Handle { get; set; } = null!;

        protected override object? Invoke(System.Reflection.MethodInfo? targetMethod, object?[]? args) => Handle(targetMethod!.Name, args ?? []);
    }
}
