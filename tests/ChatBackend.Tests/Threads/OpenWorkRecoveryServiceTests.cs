using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using ChatBackend.Threads.Contracts;
using ChatBackend.Threads.Maintenance;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Threads;

/// <summary>Which threads are opened so that their open work is recovered, how often, and what is said of it.</summary>
public sealed class OpenWorkRecoveryServiceTests : IDisposable
{
    private static readonly ThreadId First = new("thr_1");
    private static readonly ThreadId Second = new("thr_2");

    private readonly ServiceProvider _metrics = new ServiceCollection().AddMetrics().AddSingleton<ChatMetrics>().BuildServiceProvider();
    private readonly TickingTime _clock = new();
    private readonly LogLines _lines = new("");
    private readonly List<string> _calls = [];
    private readonly Dictionary<string, Func<Task>> _recoveries = [];
    private readonly OpenWorkRecovery _recovery;
    private Func<Task<IReadOnlyList<ThreadId>>> _listed = () => Task.FromResult<IReadOnlyList<ThreadId>>([First, Second]);

    public OpenWorkRecoveryServiceTests()
    {
        var log = ServiceDecoration.Of<IEventLog>(null!, (_, called, _) =>
        {
            Call(called);
            return _listed();
        });
        var grains = GrainsOf(thread => ServiceDecoration.Of<IThreadGrain>(null!, (_, called, _) =>
        {
            Call($"{called} {thread}");
            return _recoveries.TryGetValue(thread, out var recover) ? recover() : Task.CompletedTask;
        }));
        _recovery = new OpenWorkRecovery(
            log, new ThreadGrains(grains), _metrics.GetRequiredService<ChatMetrics>(), _clock, new Logger<OpenWorkRecovery>(LoggerFactory.Create(logging => logging.AddProvider(_lines))));
    }

    [Fact]
    public async Task At_the_start_every_thread_with_open_work_is_opened_once_and_that_is_told()
    {
        await _recovery.StartAsync(CancellationToken.None);
        await _lines.UntilAsync(line => line.Contains("Recovered", StringComparison.Ordinal)).Soon();
        await TickAsync(3);
        await StopAsync();

        _calls.Should().BeEquivalentTo("ThreadsWithOpenWorkAsync", "Recover thr_1", "Recover thr_2");
        _lines.All.Should().Equal("Information: Recovered 2 threads with unfinished work; 0 are left");
    }

    [Fact]
    public async Task What_is_put_there_later_is_opened_with_the_next_second()
    {
        _listed = () => Task.FromResult<IReadOnlyList<ThreadId>>([]);
        await _recovery.StartAsync(CancellationToken.None);
        await _clock.Ticks.Task.Soon();
        _recovery.Add(First);
        _recovery.Add(First);
        await TickAsync(1);
        await UntilAsync("Recover thr_1");
        await TickAsync(2);
        await StopAsync();

        _calls.Should().Equal("ThreadsWithOpenWorkAsync", "Recover thr_1");
        _lines.All.Should().Equal("Information: Recovered 1 threads with unfinished work; 0 are left");
    }

    [Fact]
    public async Task A_thread_that_cannot_be_recovered_is_tried_again_and_holds_up_no_other()
    {
        var faults = 2;
        _recoveries["thr_1"] = () => faults-- > 0 ? Task.FromException(new InvalidOperationException("It cannot.")) : Task.CompletedTask;
        await _recovery.StartAsync(CancellationToken.None);
        await _lines.UntilAsync(line => line.Contains("1 are left", StringComparison.Ordinal)).Soon();
        while (!_lines.All.Any(line => line.Contains("0 are left", StringComparison.Ordinal)))
        {
            await TickAsync(1);
        }

        await StopAsync();

        _calls.Count(call => call == "Recover thr_1").Should().Be(3);
        _calls.Count(call => call == "Recover thr_2").Should().Be(1);
        _lines.All.Where(line => line.StartsWith("Information", StringComparison.Ordinal)).Should().Equal(
            "Information: Recovered 1 threads with unfinished work; 1 are left", "Information: Recovered 1 threads with unfinished work; 0 are left");
    }

    [Fact]
    public async Task A_list_that_cannot_be_read_is_read_again_and_what_was_put_there_meanwhile_is_recovered()
    {
        var faults = 1;
        var listed = _listed;
        _listed = () => faults-- > 0 ? Task.FromException<IReadOnlyList<ThreadId>>(new LogUnavailableException("The store is away.")) : listed();
        _recovery.Add(new ThreadId("thr_3"));
        await _recovery.StartAsync(CancellationToken.None);
        await UntilAsync("Recover thr_3");
        while (!Has("Recover thr_1") || !Has("Recover thr_2"))
        {
            await TickAsync(1);
        }

        await StopAsync();

        _calls.Count(call => call == "ThreadsWithOpenWorkAsync").Should().Be(2);
    }

    [Fact]
    public async Task What_fails_in_a_thread_while_it_is_recovered_puts_it_there_again()
    {
        var calls = 0;
        _listed = () => Task.FromResult<IReadOnlyList<ThreadId>>([First]);
        _recoveries["thr_1"] = () =>
        {
            if (calls++ == 0)
            {
                _recovery.Add(First);
            }

            return Task.CompletedTask;
        };
        await _recovery.StartAsync(CancellationToken.None);
        while (Volatile.Read(ref calls) < 2)
        {
            await TickAsync(1);
        }

        await TickAsync(2);
        await StopAsync();
        calls.Should().Be(2);
    }

    public void Dispose()
    {
        _recovery.Dispose();
        _lines.Dispose();
        _metrics.Dispose();
    }

    private static IGrainFactory GrainsOf(Func<string, IThreadGrain> grain)
    {
        var grains = System.Reflection.DispatchProxy.Create<IGrainFactory, Grains>();
        ((Grains)(object)grains).Grain = grain;
        return grains;
    }

    private void Call(string call)
    {
        lock (_calls)
        {
            _calls.Add(call);
        }
    }

    private bool Has(string call)
    {
        lock (_calls)
        {
            return _calls.Contains(call);
        }
    }

    private Task UntilAsync(string call) => Deadline.UntilAsync(() => Has(call));

    private async Task TickAsync(int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }

    private Task StopAsync() => _recovery.StopAsync(CancellationToken.None).Soon();

    /// <summary>Knows which grain it is asked for.</summary>
    public class Grains : System.Reflection.DispatchProxy
    {
        internal Func<string, IThreadGrain> Grain { get; set; } = null!;

        protected override object? Invoke(System.Reflection.MethodInfo? targetMethod, object?[]? args) => Grain((string)args![0]!);
    }
}
