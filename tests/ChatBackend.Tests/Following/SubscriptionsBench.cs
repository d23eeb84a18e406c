using System.Reflection;
using System.Text;
using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using ChatBackend.Tests.Server;
using ChatBackend.Threads.Contracts;
using ChatBackend.Threads.Publishing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Following;

/// <summary>The subscriptions of a node, with the threads, the log and the store that a test plays.</summary>
internal sealed class SubscriptionsBench : IDisposable
{
    private readonly ServiceProvider _metrics = new ServiceCollection().AddMetrics().AddSingleton<ChatMetrics>().BuildServiceProvider();
    private readonly Node _node = new();

    public SubscriptionsBench(TimeProvider clock, ILogger<ThreadSubscriptions> logger)
    {
        var grain = DispatchProxy.Create<IThreadGrain, PlayedGrain>();
        ((PlayedGrain)(object)grain).Bench = this;
        var grains = ServiceDecoration.Of<IGrainFactory>(null!, (_, called, _) => called == nameof(IGrainFactory.GetGrain) ? Found(grain) : _node);
        var outboxes = new TestOutboxes(Deliver) { TakesHistory = () => TakesHistory };
        var log = PagesOnly.Log((after, most) => ReadLog(after, most));
        Local = new LocalNode(grains);
        var store = ServiceDecoration.Of<IThreadStore>(null!, (_, called, _) =>
            called == nameof(IThreadStore.FindAsync) ? Find() : throw new InvalidOperationException($"{called} is not asked for."));
        var metrics = _metrics.GetRequiredService<ChatMetrics>();
        Quarantine = new Quarantine(log, store, metrics, clock, Microsoft.Extensions.Logging.Abstractions.NullLogger<Quarantine>.Instance);
        Threads = new ThreadSubscriptions(new ThreadGrains(grains), Local, log, store, Quarantine, outboxes, clock, logger);
    }

    public static UserId Owner { get; } = new("usr_1");

    public static ThreadId Thread { get; } = new("thr_1");

    public ThreadSubscriptions Threads { get; }

    public LocalNode Local { get; }

    public Quarantine Quarantine { get; }

    public ChatMetrics Metrics => _metrics.GetRequiredService<ChatMetrics>();

    public List<string> Delivered { get; } = [];

    /// <summary>What the thread was asked, and the making of a subscription as <c>found</c>.</summary>
    public List<string> Asked { get; } = [];

    public bool TakesHistory { get; set; } = true;

    public Action Delivering { get; set; } = () => { };

    public Func<long, int, IReadOnlyList<StoredEvent>> ReadLog { get; set; } = (_, _) => throw new InvalidOperationException("The log is not asked for.");

    public Func<Task<ThreadRecord?>> Find { get; set; } = () => Task.FromResult<ThreadRecord?>(null);

    public Func<Task<ThreadSnapshot>> Subscribe { get; set; } = () => Task.FromResult(Snapshot(0));

    public Func<Task> Unsubscribe { get; set; } = () => Task.CompletedTask;

    public static ThreadSnapshot Snapshot(long head, params long[] recent) => new(Owner, head, [.. recent.Select(seq => FollowerBench.Event(seq).Event)], null);

    public static ThreadRecord Record(long head, long begins = 1) => new(Thread, null, false, default, default, head, false, begins);

    public Task<Subscription> FollowAsync(long after = 0, string connection = "con_1", bool announces = false, DateTimeOffset? at = null, UserId? user = null) =>
        Threads.FollowAsync(user ?? Owner, new ConnectionId(connection), Thread, new EventCursor(after, at), [], announces);

    public Task PublishAsync(params long[] events) => Threads.Publish(new ThreadBatch(Thread, [.. events.Select(seq => FollowerBench.Event(seq))], Moved: false));

    public void Dispose()
    {
        Threads.Dispose();
        _metrics.Dispose();
    }

    private IThreadGrain Found(IThreadGrain grain)
    {
        Asked.Add("found");
        return grain;
    }

    private bool Deliver(ConnectionId connection, OutboundFrame frame)
    {
        Delivering();
        var text = Encoding.UTF8.GetString(frame.Encoded().Span);
        lock (Delivered)
        {
            Delivered.Add($"{connection} {(text.StartsWith('{') ? WireJson.DecodeServerFrame(frame.Encoded().Span).GetType().Name : text)}");
        }

        return true;
    }

    /// <summary>As Orleans has it: another object than the observer, equal to itself.</summary>
    private sealed class Node : INodeObserver
    {
        public Task Publish(ThreadBatch batch) => throw new InvalidOperationException("A message to this very node.");
    }
}

/// <summary>A thread's grain of which only the subscription is asked for.</summary>
public class PlayedGrain : DispatchProxy
{
    internal SubscriptionsBench Bench { get; set; } = null!;

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        Bench.Asked.Add(targetMethod!.Name == nameof(IThreadGrain.Subscribe) ? $"subscribe {args![0]} {args[1]}" : targetMethod.Name.ToLowerInvariant());
        return targetMethod.Name switch
        {
            nameof(IThreadGrain.Subscribe) => Bench.Subscribe(),
            nameof(IThreadGrain.Unsubscribe) => Bench.Unsubscribe(),
            var called => throw new InvalidOperationException($"{called} is not asked for."),
        };
    }
}
