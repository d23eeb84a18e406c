using System.Net;
using System.Net.WebSockets;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

public sealed class ChatConnectionTests : IAsyncLifetime
{
    private ScriptedServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await ScriptedServer.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_message_is_sent_as_given_and_answered_by_the_ack_of_its_id()
    {
        var (client, socket) = await _server.OpenAsync();
        var id = new ClientFrameId("my-id");
        var other = client.ChatAsync("other");
        var sending = client.ChatAsync("hello", TheThread, "demo", WhenRunning.Interrupt, id);
        var otherFrame = await socket.ReceiveAsync<ChatFrame>();
        var frame = await socket.ReceiveAsync<ChatFrame>();
        frame.Should().Be(new ChatFrame { Id = id, Content = "hello", ThreadId = TheThread, Agent = "demo", WhenRunning = WhenRunning.Interrupt });

        var ack = Ack(frame, seq: 9);
        await socket.SendAsync(ack, Ack(otherFrame));

        (await sending.Soon()).Should().Be(ack);
        (await other.Soon()).Id.Should().Be(otherFrame.Id);
        client.Abort();
    }

    [Fact]
    [Trait("failure", "A22")]
    public async Task A_refused_command_throws_what_the_server_said()
    {
        var (client, socket) = await _server.OpenAsync(options => options with { RetryRefused = false });
        var sending = client.ChatAsync("hello");
        var frame = await socket.ReceiveAsync<ChatFrame>();
        await socket.SendAsync(new Error { Code = ErrorCode.RateLimited, Message = "Slowly.", Id = frame.Id, RetryAfterMs = 1500 });

        var refused = (await sending.Invoking(task => task.Soon()).Should().ThrowAsync<ChatErrorException>()).Which;
        refused.Code.Should().Be(ErrorCode.RateLimited);
        refused.Message.Should().Contain("Slowly.");
        refused.RetryAfter.Should().Be(TimeSpan.FromSeconds(1.5));
        client.Abort();
    }

    [Theory]
    [Trait("failure", "E1")]
    [InlineData(1, 65536)]
    [InlineData(16, 100)]
    public async Task No_more_commands_are_sent_than_the_server_lets_wait(int commands, int bytes)
    {
        var (client, socket) = await OpenAsync(limits => limits with { MaxPendingCommands = commands, MaxPendingBytes = bytes });
        var one = client.ChatAsync("one");
        var two = client.ChatAsync("two");
        var first = await socket.ReceiveAsync<ChatFrame>();
        for (var round = 0; round < 3; round++)
        {
            // What is not sent in the time of three round trips is not sent.
            var pinging = client.PingAsync();
            await socket.SendAsync(new Pong { Id = (await socket.ReceiveAsync<PingFrame>()).Id, ServerTime = DateTimeOffset.UnixEpoch });
            await pinging.Soon();
        }

        await socket.SendAsync(Ack(first));
        await socket.SendAsync(Ack(await socket.ReceiveAsync<ChatFrame>()));

        await Task.WhenAll(one, two).Soon();
        client.Abort();
    }

    [Fact]
    [Trait("failure", "D28")]
    public async Task A_message_larger_than_the_server_takes_is_refused_here_and_not_sent()
    {
        var (client, socket) = await OpenAsync(limits => limits with { MaxMessageBytes = 1_000 });

        (await client.Invoking(sender => sender.ChatAsync(new string('世', 400)).Soon()).Should().ThrowAsync<ChatErrorException>()).Which.Code.Should().Be(ErrorCode.TooLarge);

        var next = client.ChatAsync("small");
        var frame = await socket.ReceiveAsync<ChatFrame>();
        frame.Content.Should().Be("small");
        await socket.SendAsync(Ack(frame));
        await next.Soon();
        client.Abort();
    }

    [Fact]
    public async Task With_an_invoker_sockets_go_over_HTTP_2()
    {
        await using var server = await ScriptedServer.StartAsync(HttpProtocols.Http2);
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        var (client, socket) = await server.OpenAsync(options => options with
        {
            Invoker = invoker,
            ConfigureSocket = http =>
            {
                http.HttpVersion = HttpVersion.Version20;
                http.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
            },
        });
        var sending = client.ChatAsync("hello");
        await socket.SendAsync(Ack(await socket.ReceiveAsync<ChatFrame>()));

        await sending.Soon();
        var closing = client.CloseAsync();
        (await socket.ReceiveCloseAsync()).Should().Be(WebSocketCloseStatus.NormalClosure);
        await closing.Soon();
    }

    [Fact]
    public async Task Decide_and_authenticate_say_what_they_were_given()
    {
        var (client, socket) = await _server.OpenAsync();
        var shown = new ApprovalRequired
        {
            ThreadId = TheThread, Seq = 3, At = default, RunId = Run, CallId = Call, Tool = "mail",
            Arguments = Executing(1).Arguments, ArgumentsDigest = "sha", ExpiresAt = default,
        };
        var deciding = client.DecideAsync(shown, ApprovalDecision.Reject, "no");
        var decide = await socket.ReceiveAsync<DecideFrame>();
        decide.Should().Be(new DecideFrame { Id = decide.Id, ThreadId = TheThread, CallId = Call, ArgumentsDigest = "sha", Decision = ApprovalDecision.Reject, Note = "no" });
        await socket.SendAsync(Ack(decide));
        await deciding.Soon();

        var authenticating = client.AuthenticateAsync("token-2");
        var authenticate = await socket.ReceiveAsync<AuthenticateFrame>();
        authenticate.Token.Should().Be("token-2");
        await socket.SendAsync(new Ack { Id = authenticate.Id, Status = AckStatus.Accepted });
        await authenticating.Soon();
        client.Abort();
    }

    [Fact]
    public async Task Closing_says_1000_and_waits_for_the_answer()
    {
        var (client, socket) = await _server.OpenAsync();
        var closing = client.CloseAsync();

        (await socket.ReceiveCloseAsync()).Should().Be(WebSocketCloseStatus.NormalClosure);
        await closing.Soon();
        (await client.Closed.Soon()).CloseCode.Should().Be(CloseCodes.Normal);
        await client.DisposeAsync().AsTask().Soon();
        _server.Attempts.Should().Be(1);
    }

    [Fact]
    public async Task Closing_while_there_is_no_socket_ends_the_attempts()
    {
        var lost = new TaskCompletionSource();
        var (client, socket) = await _server.OpenAsync(options => options with
        {
            Jitter = () => 1,
            FirstBackoff = TimeSpan.FromHours(1),
            MaxBackoff = TimeSpan.FromHours(1),
            OnDisconnected = _ => lost.SetResult(),
        });
        socket.Cut();
        await lost.Task.Soon();

        await client.CloseAsync().Soon();

        client.State.Should().Be(ChatConnectionState.Closed);
    }

    [Fact]
    public async Task Abort_ends_for_good_and_drop_only_cuts_the_socket()
    {
        var (client, first) = await _server.OpenAsync();
        client.Drop();
        await _server.AcceptAsync();
        client.Abort();

        (await client.Closed.Soon()).CloseCode.Should().BeNull();
        _server.Attempts.Should().Be(2);
        first.Cut();
    }

    [Fact]
    [Trait("failure", "D26")]
    public async Task Every_frame_is_handed_on_in_order_and_one_of_a_newer_server_changes_nothing()
    {
        var frames = new List<ServerFrame>();
        var (client, socket) = await _server.OpenAsync(options => options with { OnFrame = frames.Add });
        await socket.SendAsync("""{"confetti":7,"type":"party"}""");
        var pinging = client.PingAsync();
        var pong = new Pong { Id = (await socket.ReceiveAsync<PingFrame>()).Id, ServerTime = DateTimeOffset.UnixEpoch };
        await socket.SendAsync(pong);

        (await pinging.Soon()).Should().Be(pong);
        frames.Should().HaveCount(3);
        frames[0].Should().BeSameAs(client.Established);
        frames[1].Should().BeOfType<UnknownFrame>().Which.Json.GetProperty("confetti").GetInt32().Should().Be(7);
        frames[2].Should().Be(pong);
        client.Abort();
    }

    [Fact]
    public async Task What_a_callback_throws_ends_the_connection_and_is_told()
    {
        var bug = new InvalidOperationException("a bug of the caller's");
        var (client, socket) = await _server.OpenAsync(options => options with { OnFrame = frame => _ = frame is Pong ? throw bug : 0 });
        await socket.SendAsync(new Pong { ServerTime = DateTimeOffset.UnixEpoch });

        (await client.Closed.Soon()).Cause.Should().BeSameAs(bug);
    }

    private async Task<(ChatConnection Client, ScriptedSocket Socket)> OpenAsync(Func<ConnectionLimits, ConnectionLimits> change)
    {
        var connecting = _server.ConnectAsync();
        var socket = await _server.AcceptSilentlyAsync();
        var established = Established();
        await socket.SendAsync(established with { Limits = change(established.Limits) });
        return (await connecting, socket);
    }
}
