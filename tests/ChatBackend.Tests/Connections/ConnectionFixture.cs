using System.Text;
using ChatBackend.Connections;
using ChatBackend.Hosting;
using ChatBackend.Identity;
using ChatBackend.Protocol;
using ChatBackend.Telemetry;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Identity;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using ChatBackend.Tests.Telemetry;
using ChatBackend.Threads.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Connections;

/// <summary>Connections as the server makes them, over sockets and threads that a test plays and on a clock that it moves.</summary>
internal sealed class ConnectionFixture : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<ChatMetrics>().BuildServiceProvider();
    private readonly ServiceProvider _identity;
    private readonly ILoggerFactory _loggers;

    public ConnectionFixture(ConnectionOptions? options = null)
    {
        _loggers = LoggerFactory.Create(logging => logging.AddProvider(Lines));
        Options = Microsoft.Extensions.Options.Options.Create(options ?? new ConnectionOptions());
        Memory = new OutboxMemory(Options, Metrics);
        Router = new MessageRouter(Memory, Metrics);
        _identity = IdentityFixture.Services(Clock);
        Refusals = new Refusals(Metrics, Clock, Logger<Refusals>());
        Left = new LeftCommands(Options, Metrics);
    }

    public IOptions<ConnectionOptions> Options { get; }

    public WatchedTime Clock { get; } = new();

    public ChatMetrics Metrics => _services.GetRequiredService<ChatMetrics>();

    public LogLines Lines { get; } = new("ChatBackend");

    public OutboxMemory Memory { get; }

    public MessageRouter Router { get; }

    public SessionTokens Tokens => _identity.GetRequiredService<SessionTokens>();

    public Refusals Refusals { get; }

    public LeftCommands Left { get; }

    public Readiness Readiness { get; } = new();

    /// <summary>What a call to any thread is answered with, by the name of its method.</summary>
    public Func<string, object> Thread { get; set; } = method => throw new NotSupportedException(method);

    public ILogger<T> Logger<T>() => _loggers.CreateLogger<T>();

    /// <summary>A connection that the router knows. Nobody reads its socket until <see cref="ConnectionLoop.RunAsync"/>.</summary>
    public Opened Open(PlayedSocket? socket = null)
    {
        socket ??= new PlayedSocket();
        var context = new ConnectionContext(Metrics);
        var http = new DefaultHttpContext();
        context.Attach(socket, new Session(UserId.From("usr_ada"), DateTimeOffset.MaxValue), http);
        var outbox = new Outbox(context, Options, Memory, Metrics, Clock);
        var grain = ServiceDecoration.Of<IThreadGrain>(null!, (_, method, _) => Thread(method));
        var handler = new AgentMessageHandler(
            context, outbox, greeting: null!, threads: null!, lists: null!, new ThreadGrains(ServiceDecoration.Of<IGrainFactory>(null!, (_, _, _) => grain)), _identity.GetRequiredService<ChatSignIn>(), Readiness, Options, Left, Refusals, Metrics, Clock, Logger<AgentMessageHandler>());
        Router.Register(new OpenConnection(context, handler, outbox));
        return new Opened(socket, http, context, outbox, handler, new ConnectionLoop(context, outbox, Router, Refusals, Options, Clock, Logger<ConnectionLoop>()));
    }

    public long Gauge(string name) => _services.Gauge(name);

    /// <summary>Lets go on what can, where a test says that something does not.</summary>
    public static async Task SettleAsync()
    {
        for (var turn = 0; turn < 50; turn++)
        {
            await Task.Run(() => { });
        }
    }

    public void Dispose()
    {
        _loggers.Dispose();
        _identity.Dispose();
        _services.Dispose();
    }

    internal sealed record Opened(
        PlayedSocket Socket, DefaultHttpContext Http, ConnectionContext Context, Outbox Outbox, AgentMessageHandler Handler, ConnectionLoop Loop)
    {
        /// <summary>Has so many bytes under way to a peer that does not take them.</summary>
        public void Hold(int bytes)
        {
            Socket.SendGate = new TaskCompletionSource();
            Outbox.Enqueue(Encoding.UTF8.GetBytes($"\"{new string('x', bytes - 2)}\"")).Should().BeTrue();
        }

        public OpenConnection Connection => new(Context, Handler, Outbox);

        public CloseReason? Reason => Context.Closed is { IsCompletedSuccessfully: true } closed ? closed.GetAwaiter().GetResult() : null;
    }
}

/// <summary>A clock that a test moves, and that says which waits have begun.</summary>
internal sealed class WatchedTime : FakeTimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<TimeSpan> _waits = [];

    public IReadOnlyList<TimeSpan> Waits
    {
        get
        {
            lock (_lock)
            {
                return [.. _waits];
            }
        }
    }

    /// <summary>Ends when so many waits of this length have begun.</summary>
    public Task WaitsAsync(TimeSpan length, int count = 1) => Deadline.UntilAsync(() => Waits.Count(wait => wait == length) >= count);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        lock (_lock)
        {
            _waits.Add(dueTime);
        }

        return timer;
    }
}
