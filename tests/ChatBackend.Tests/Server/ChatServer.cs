using ChatBackend.Agents;
using System.Net.WebSockets;
using ChatBackend.Client;
using ChatBackend.Identity;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Client;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Server;

/// <summary>The whole server in this process behind a real Kestrel socket, with the script agent and a data directory of its own.</summary>
internal sealed class ChatServer : IAsyncDisposable
{
    private readonly DirectoryInfo _data;
    private readonly bool _ownsData;
    private readonly WebApplicationFactory<Program> _app;

    public ChatServer(params (string Key, string Value)[] settings)
        : this(_ => { }, settings)
    {
    }

    /// <param name="services">Comes after the server's own registrations.</param>
    public ChatServer(Action<IServiceCollection> services, params (string Key, string Value)[] settings)
        : this(Directory.CreateTempSubdirectory("chat-backend-"), services, settings) => _ownsData = true;

    /// <param name="sendBuffer">Bytes that the system takes of a socket before a send has to wait; else it takes megabytes.</param>
    public ChatServer(int sendBuffer, params (string Key, string Value)[] settings)
        : this(sendBuffer, _ => { }, settings)
    {
    }

    /// <inheritdoc cref="ChatServer(int, ValueTuple{string, string}[])"/>
    public ChatServer(int sendBuffer, Action<IServiceCollection> configure, params (string Key, string Value)[] settings)
        : this(services => configure(services.Configure<SocketTransportOptions>(transport => SendBuffer(transport, sendBuffer))), settings)
    {
    }

    /// <summary>On a data directory that is there before it and after.</summary>
    public ChatServer(DirectoryInfo data, params (string Key, string Value)[] settings)
        : this(data, _ => { }, settings)
    {
    }

    /// <summary>Both of it.</summary>
    public ChatServer(DirectoryInfo data, Action<IServiceCollection> configure, params (string Key, string Value)[] settings)
    {
        _data = data;
        _app = new WebApplicationFactory<Program>().WithWebHostBuilder(host =>
        {
            host.UseSetting("DataDirectory", _data.FullName);
            host.UseSetting("urls", "http://127.0.0.1:0");
            host.UseSetting("Guests:Enabled", "true");
            host.UseSetting("Agents:Script:Enabled", "true");
            host.UseSetting("Connections:DrainGrace", "00:00:00");
            // A title is one more event after a thread's first run; the tests that are about titles ask for them.
            host.UseSetting("Threads:AutoTitle", "false");
            host.UseSetting("Runs:DrainBound", "00:00:00");
            host.UseSetting("Serilog:MinimumLevel:Default", "Error");
            foreach (var (key, value) in settings)
            {
                host.UseSetting(key, value);
            }

            host.ConfigureTestServices(services =>
            {
                // The agents of a test come before the server's demo: the first answers a message that names none.
                var demo = services.SingleOrDefault(service => service.ServiceType == typeof(AgentRegistration));
                configure(services.AddSingleton<TimeProvider>(Clock));
                if (demo is not null)
                {
                    services.Remove(demo);
                    services.Add(demo);
                }
            });
        });
        _app.UseKestrel(0);
        _app.StartServer();
        var address = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Http = new HttpClient { BaseAddress = address };
        WebSocket = new UriBuilder(address) { Scheme = "ws", Path = "/ws" }.Uri;
    }

    public ShiftedTime Clock { get; } = new();

    public HttpClient Http { get; }

    public Uri WebSocket { get; }

    public IServiceProvider Services => _app.Services;

    public string DataDirectory => _data.FullName;

    /// <summary>A newer token of a user.</summary>
    public string TokenFor(UserId user) => Services.GetRequiredService<SessionTokens>().Issue(user).Token;

    public Task<GuestSession> GuestAsync() => GuestSession.CreateAsync(Http).Soon();

    /// <summary>A connection of a guest, of a new one unless one is given, that keeps every frame it gets.</summary>
    public async Task<TestClient> ConnectAsync(GuestSession? guest = null, Func<ChatConnectionOptions, ChatConnectionOptions>? configure = null)
    {
        guest ??= await GuestAsync();
        var frames = new FrameRecorder();
        var options = new ChatConnectionOptions { Uri = WebSocket, Token = _ => ValueTask.FromResult(guest.Token), OnFrame = frames.Add };
        var connection = await ChatConnection.ConnectAsync(configure?.Invoke(options) ?? options).Soon();
        return new TestClient(guest, connection, frames);
    }

    /// <summary>HTTP as a guest, a new one unless one is given.</summary>
    public async Task<RestClient> RestAsync(GuestSession? guest = null) => new(Http, guest ?? await GuestAsync());

    public async Task<RawSocket> ConnectRawAsync(GuestSession? guest = null)
    {
        guest ??= await GuestAsync();
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(ChatProtocol.Name);
        socket.Options.SetRequestHeader("Authorization", $"Bearer {guest.Token}");
        await socket.ConnectAsync(WebSocket, CancellationToken.None).Soon();
        var raw = new RawSocket(socket);
        (await raw.ReceiveAsync()).GetProperty("type").GetString().Should().Be("connection_established");
        return raw;
    }

    /// <summary>Ends when a search finds what was said.</summary>
    public Task CatchUpSearchAsync() => Services.GetRequiredService<SearchIndexer>().CatchUpAsync(TestContext.Current.CancellationToken).Soon();

    /// <summary>Waits until a gauge shows a value; what it showed last is in the failure.</summary>
    public async Task UntilGaugeAsync(string name, int value)
    {
        using var deadline = Deadline.Source();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var last = double.NaN;
        while (last != value)
        {
            try
            {
                last = await GaugeAsync(name);
                await timer.WaitForNextTickAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"{name} is {last}, not {value}.");
            }
        }
    }

    public async Task<double> GaugeAsync(string name)
    {
        var metrics = await Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        var line = metrics.Split('\n').Single(line => line.StartsWith(name + " ", StringComparison.Ordinal) || line.StartsWith(name + "{}", StringComparison.Ordinal));
        return double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static void SendBuffer(SocketTransportOptions transport, int bytes) => transport.CreateBoundListenSocket = address =>
    {
        var listening = SocketTransportOptions.CreateDefaultBoundListenSocket(address);
        listening.SendBufferSize = bytes; // those accepted inherit it
        return listening;
    };

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        if (_ownsData)
        {
            _data.Delete(recursive: true);
        }
    }
}

/// <summary>The machine's time, moved: timers run as they do, date and elapsed time are what a test says, and scripts wait at a gate until it is opened.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    /// <summary>A script that waits for so many milliseconds waits for <see cref="OpenGates"/>.</summary>
    public const int Gate = 3_599_999;

    private readonly Lock _lock = new();
    private readonly List<ITimer> _gates = [];
    private bool _areOpen;

    public TimeSpan Shift { get; set; }

    /// <summary>What has passed beside the time that did.</summary>
    public TimeSpan Elapsed { get; set; }

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Shift;

    public override long GetTimestamp() => System.GetTimestamp() + (Elapsed.Ticks * (TimestampFrequency / TimeSpan.TicksPerSecond));

    /// <summary>Whoever is at a gate goes on, and so does who comes later.</summary>
    public void OpenGates()
    {
        lock (_lock)
        {
            _areOpen = true;
            _gates.ForEach(gate => gate.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime != TimeSpan.FromMilliseconds(Gate))
        {
            return base.CreateTimer(callback, state, dueTime, period);
        }

        lock (_lock)
        {
            var gate = base.CreateTimer(callback, state, _areOpen ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, period);
            _gates.Add(gate);
            return gate;
        }
    }
}
