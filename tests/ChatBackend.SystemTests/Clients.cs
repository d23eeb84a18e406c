using System.Collections.Concurrent;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using ChatBackend.Client;
using ChatBackend.Protocol;

namespace ChatBackend.SystemTests;

/// <summary>Guests and connections against a server process, with deadlines.</summary>
internal static class Clients
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>A number that the long form of a test takes from the environment.</summary>
    public static int Setting(string variable, int usual) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } set ? int.Parse(set, CultureInfo.InvariantCulture) : usual;

    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(Patience);

    public static Task Soon(this Task task) => task.WaitAsync(Patience);

    public static async Task<GuestSession> GuestAsync(this ServerProcess server)
    {
        using var http = Trusting.Client(server.Http);
        return await GuestSession.CreateAsync(http).Soon();
    }

    public static Task<ChatConnection> ConnectAsync(this ServerProcess server, GuestSession guest, Action<ServerFrame>? onFrame = null) =>
        ChatConnection.ConnectAsync(new ChatConnectionOptions
        {
            Uri = server.WebSocket,
            Token = _ => ValueTask.FromResult(guest.Token),
            ConfigureSocket = Trusting.Configure,
            OnFrame = onFrame,
        }).Soon();

    /// <summary>A socket and nothing around it.</summary>
    public static Task<ClientWebSocket> OpenAsync(this ServerProcess server, GuestSession guest) => OpenAsync(server.WebSocket, guest);

    /// <summary>The same, to where the server is reached through something else.</summary>
    public static async Task<ClientWebSocket> OpenAsync(Uri address, GuestSession guest)
    {
        var socket = new ClientWebSocket();
        try
        {
            Trusting.Configure(socket.Options);
            socket.Options.SetRequestHeader("Authorization", $"Bearer {guest.Token}");
            await socket.ConnectAsync(address, CancellationToken.None).Soon();
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The next message; null when the peer closed, which <see cref="WebSocket.CloseStatus"/> tells more of.</summary>
    public static async Task<string?> NextAsync(this WebSocket socket)
    {
        var buffer = new byte[4096];
        using var message = new MemoryStream();
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer, CancellationToken.None).Soon();
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            message.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
            {
                return Encoding.UTF8.GetString(message.ToArray());
            }
        }
    }

    public static Task SendAsync(this WebSocket socket, string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None).Soon();

    /// <summary>The sum of a metric's series.</summary>
    public static async Task<double> MetricAsync(this ServerProcess server, string name) => (await server.MetricsAsync(name))[0];

    /// <summary>The same for metrics that belong together, of one moment.</summary>
    public static async Task<double[]> MetricsAsync(this ServerProcess server, params string[] names)
    {
        using var http = Trusting.Client(server.Http);
        var lines = (await http.GetStringAsync(new Uri("/metrics", UriKind.Relative)).Soon()).Split('\n');
        return [.. names.Select(name => lines
            .Where(line => line.StartsWith(name + " ", StringComparison.Ordinal) || line.StartsWith(name + "{", StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture)))];
    }

    public static async Task UntilMetricAsync(this ServerProcess server, string name, double value)
    {
        using var deadline = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var last = await server.MetricAsync(name);
        while (last != value)
        {
            if (deadline.IsCancellationRequested)
            {
                throw new TimeoutException($"{name} is {last}, not {value}.");
            }

            await timer.WaitForNextTickAsync();
            last = await server.MetricAsync(name);
        }
    }

    /// <summary>All events of a thread as a newcomer is sent them: each once, in order.</summary>
    public static async Task<List<ThreadEvent>> EventsAsync(this ChatConnection connection, ThreadId thread)
    {
        var events = new List<ThreadEvent>();
        var follower = await connection.FollowAsync(thread).Soon();
        var head = follower.Cursor;
        await foreach (var frame in follower.Events())
        {
            if (frame is ThreadEvent threadEvent)
            {
                events.Add(threadEvent);
            }

            if (events.Count > 0 && events[^1].Seq >= head)
            {
                break;
            }
        }

        return events;
    }
}

/// <summary>Frames of one connection, in the order of arrival.</summary>
internal sealed class Recorded
{
    private readonly ConcurrentQueue<ServerFrame> _frames = new();

    public IReadOnlyList<ServerFrame> All => [.. _frames];

    public void Add(ServerFrame frame) => _frames.Enqueue(frame);
}
