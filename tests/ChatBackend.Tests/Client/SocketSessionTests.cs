using System.Net.Sockets;
using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

/// <summary>One socket: what it is found dead by, and what it is given up for.</summary>
public sealed class SocketSessionTests : IAsyncLifetime
{
    private readonly WatchedClock _clock = new();
    private readonly TaskCompletionSource<ConnectionEnd> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ScriptedServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await ScriptedServer.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_ping_goes_out_at_each_interval_and_a_server_that_is_silent_for_longer_than_it_may_be_is_given_up()
    {
        var heard = new TaskCompletionSource();
        var (client, socket) = await OpenAsync(options => options with
        {
            PingInterval = TimeSpan.FromSeconds(10), InboundTimeout = TimeSpan.FromSeconds(20), OnFrame = frame => _ = frame is Pong && heard.TrySetResult(),
        });
        await _clock.BegunAsync(TimeSpan.FromSeconds(10));
        await PingAsync();
        await socket.SendAsync(new Pong { ServerTime = default });
        await heard.Task.Soon();
        await PingAsync();
        await PingAsync(); // 20 s of silence may be
        _clock.Advance(TimeSpan.FromSeconds(10));

        (await _lost.Task.Soon()).Should().BeEquivalentTo(new { Reason = "nothing was heard for 00:00:20", CloseCode = (int?)null, IsOurs = false, Cause = (Exception?)null });
        await socket.ReceiveCutAsync();
        client.Abort();

        async Task PingAsync()
        {
            var receiving = socket.ReceiveAsync<PingFrame>();
            receiving.IsCompleted.Should().BeFalse();
            _clock.Advance(TimeSpan.FromSeconds(10));
            (await receiving).Id.Should().BeNull("nobody waits for its answer");
        }
    }

    [Fact]
    public async Task What_is_not_a_frame_breaks_the_socket()
    {
        var (client, socket) = await OpenAsync();
        await socket.SendAsync("{}");

        var end = await _lost.Task.Soon();

        (end.Reason, end.CloseCode, end.IsOurs).Should().Be(("The server sent a message that is not a frame.", null, false));
        end.Cause.Should().BeOfType<JsonException>();
        await socket.ReceiveCutAsync();
        client.Abort();
    }

    [Theory]
    [InlineData(5_000, true)]
    [InlineData(5_001, false)]
    public async Task A_frame_may_be_as_large_as_it_may_and_no_larger(int bytes, bool isTaken)
    {
        var frames = new List<ServerFrame>();
        var (client, socket) = await OpenAsync(options => options with { MaxFrameBytes = 5_000, OnFrame = frames.Add });
        var frame = """{"type":"party","confetti":"*"}""";
        await socket.SendAsync(frame.Replace("*", new string('x', bytes - frame.Length + 1), StringComparison.Ordinal));
        if (isTaken)
        {
            await socket.CloseAsync(CloseCodes.GoingAway);
        }

        var end = await _lost.Task.Soon();

        frames.Should().HaveCount(isTaken ? 2 : 1);
        end.Reason.Should().Be(isTaken ? "" : "The server sent a frame of more than 5000 bytes.");
        client.Abort();
    }

    [Fact]
    public async Task A_frame_that_cannot_be_sent_in_its_time_costs_the_socket()
    {
        var isStuck = false;
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new StuckStream(socket, () => Volatile.Read(ref isStuck));
            },
        };
        using var invoker = new HttpMessageInvoker(handler);
        var (client, _) = await OpenAsync(options => options with { Invoker = invoker, SendTimeout = TimeSpan.FromSeconds(9), OnDisconnected = Free });
        Volatile.Write(ref isStuck, true);
        var sending = client.ChatAsync("hello", TheThread);
        await _clock.BegunAsync(TimeSpan.FromSeconds(9));
        _lost.Task.IsCompleted.Should().BeFalse();

        _clock.Advance(TimeSpan.FromSeconds(9));

        (await _lost.Task.Soon()).Should().BeEquivalentTo(new { CloseCode = (int?)null, IsOurs = false });
        var second = await _server.AcceptAsync();
        await second.SendAsync(Ack(await second.ReceiveAsync<ChatFrame>()));
        await sending.Soon();
        client.Abort();

        void Free(ConnectionEnd end)
        {
            Volatile.Write(ref isStuck, false);
            _lost.TrySetResult(end);
        }
    }

    [Fact]
    public async Task A_command_that_becomes_due_is_sent_though_nothing_else_happens()
    {
        var (client, socket) = await OpenAsync();
        var sending = client.ChatAsync("hello", TheThread);
        var sent = await socket.ReceiveAsync<ChatFrame>();
        await socket.SendAsync(new Error { Id = sent.Id, Code = ErrorCode.Unavailable, Message = "Later.", RetryAfterMs = 7_000 });
        await _clock.BegunAsync(TimeSpan.FromSeconds(7));

        _clock.Advance(TimeSpan.FromSeconds(7));

        (await socket.ReceiveAsync<ChatFrame>()).Should().Be(sent);
        await socket.SendAsync(Ack(sent));
        await sending.Soon();
        client.Abort();
    }

    [Fact]
    public async Task A_ping_is_answered_on_its_socket_or_not_at_all()
    {
        var (client, socket) = await OpenAsync(options => options with { Jitter = () => 1, FirstBackoff = TimeSpan.FromHours(2), MaxBackoff = TimeSpan.FromHours(2) });
        using var giveUp = new CancellationTokenSource();
        var givenUp = client.PingAsync(giveUp.Token);
        var cut = client.PingAsync();
        await socket.ReceiveAsync<PingFrame>();
        await socket.ReceiveAsync<PingFrame>();
        await socket.SendAsync(new Pong { Id = new("another"), ServerTime = default }, new Pong { ServerTime = default });
        await giveUp.CancelAsync();
        await givenUp.Invoking(task => task.Soon()).Should().ThrowAsync<OperationCanceledException>();

        client.Drop();

        await cut.Invoking(task => task.Soon()).Should().ThrowAsync<ChatClosedException>().WithMessage("The connection is closed: dropped from this side.");
        await _lost.Task.Soon();
        await client.Invoking(connection => connection.PingAsync()).Should().ThrowAsync<ChatClosedException>().WithMessage("*there is no socket: Reconnecting.");
        client.Abort();
        await client.Closed.Soon();
        await client.Invoking(connection => connection.PingAsync().Soon()).Should().ThrowAsync<ChatClosedException>().WithMessage("*there is no socket: Closed.");
    }

    [Fact]
    public async Task A_ping_hears_of_the_end_of_the_connection()
    {
        var (client, socket) = await OpenAsync();
        var pinging = client.PingAsync();
        await socket.ReceiveAsync<PingFrame>();

        client.Abort();

        await pinging.Invoking(task => task.Soon()).Should().ThrowAsync<ChatClosedException>().WithMessage("The connection is closed: aborted from this side.");
    }

    private Task<(ChatConnection Client, ScriptedSocket Socket)> OpenAsync(Func<ChatConnectionOptions, ChatConnectionOptions>? change = null) => _server.OpenAsync(options =>
    {
        options = options with { TimeProvider = _clock, PingInterval = TimeSpan.FromHours(1), OnDisconnected = end => _lost.TrySetResult(end) };
        return change is null ? options : change(options);
    });

    /// <summary>From a moment on, what the client sends is never taken.</summary>
    private sealed class StuckStream(Socket socket, Func<bool> isStuck) : NetworkStream(socket, ownsSocket: true)
    {
        private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
        {
            if (isStuck())
            {
                await _gone.Task;
            }

            await base.WriteAsync(buffer, cancellationToken);
        }

        protected override void Dispose(bool disposing)
        {
            _gone.TrySetException(new IOException("The stream is gone."));
            base.Dispose(disposing);
        }
    }
}
