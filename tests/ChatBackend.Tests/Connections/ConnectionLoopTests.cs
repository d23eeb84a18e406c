using System.Net.WebSockets;
using ChatBackend.Connections;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;

namespace ChatBackend.Tests.Connections;

/// <summary>The life of one socket, step by step: what is handed on, and how it ends, whatever the peer does.</summary>
public sealed class ConnectionLoopTests : IDisposable
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(7);

    private readonly ConnectionFixture _fixture = new(new ConnectionOptions { MaxMessageBytes = 1024, CloseTimeout = CloseTimeout });

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Frames_are_handed_on_errors_are_answered_and_all_are_counted()
    {
        var (socket, opened, running) = Run();

        socket.Come("""{"type":"ping","id":"p1"}""");
        (await socket.SentAsync(0)).GetProperty("id").GetString().Should().Be("p1");
        socket.Come("nonsense");
        (await socket.SentAsync(1)).GetProperty("code").GetString().Should().Be("invalid_json");
        socket.ComeClose(1000);

        (await running.Soon()).Should().Be(CloseReason.ClientDone);
        socket.Events.Should().Equal("close 1000 client_done", "abort");
        (opened.Loop.Received, opened.Loop.Sent).Should().Be((2, 2));
        _fixture.Lines.All.Should().Equal("Information: Frame is answered with invalid_json. 0 more since the last such line");
        opened.Outbox.Enqueue(new byte[1]).Should().BeFalse("it is over");
    }

    [Fact]
    public async Task A_message_has_begun_from_its_first_byte_to_its_last()
    {
        var (socket, opened, running) = Run();
        opened.Context.MessageStartedAt.Should().Be(0);

        socket.Come("""{"type":"ping",""", isEnd: false);
        await Deadline.UntilAsync(() => opened.Context.MessageStartedAt == _fixture.Clock.GetTimestamp());
        socket.Come(""" "id":"p1"}""");
        await socket.SentAsync(0);

        opened.Context.MessageStartedAt.Should().Be(0);
        await EndAsync(socket, running);
    }

    [Fact]
    public async Task A_close_sends_what_waits_then_its_own_frame_then_waits_for_the_peers()
    {
        var (socket, opened, running) = Run(new PlayedSocket { SendGate = new TaskCompletionSource() });
        opened.Outbox.Enqueue(WireJson.Encode(new Pong { ServerTime = default })).Should().BeTrue();

        opened.Context.Close(CloseReason.SessionExpired);
        await _fixture.Clock.WaitsAsync(CloseTimeout);
        socket.Events.Should().BeEmpty("something still waits to be sent");
        socket.SendGate!.SetResult();
        await socket.EventsAsync(1);
        await _fixture.Clock.WaitsAsync(CloseTimeout, count: 2);
        socket.Sent.Should().ContainSingle();
        running.IsCompleted.Should().BeFalse("the peer has not answered");
        socket.ComeClose(4401);

        (await running.Soon()).Should().Be(CloseReason.SessionExpired);
        socket.Events.Should().Equal("close 4401 session_expired", "abort");
    }

    [Fact]
    public async Task What_comes_after_the_close_began_is_not_handed_on()
    {
        var (socket, opened, running) = Run();
        opened.Context.Close(CloseReason.SessionExpired);
        await socket.EventsAsync(1);

        socket.Come("""{"type":"stop","id":"s1","thread_id":"thr_1"}""");
        socket.Come("nonsense");
        socket.ComeClose(1000);
        await running.Soon();

        opened.Loop.Received.Should().Be(2);
        _fixture.Lines.All.Should().BeEmpty("neither was looked at");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_peer_that_takes_nothing_or_does_not_answer_has_as_long_as_a_step_may_take(bool takes)
    {
        var (socket, opened, running) = Run(new PlayedSocket { SendGate = takes ? null : new TaskCompletionSource() });
        opened.Outbox.Enqueue(WireJson.Encode(new Pong { ServerTime = default })).Should().BeTrue();

        opened.Context.Close(CloseReason.OutboxFull);
        await _fixture.Clock.WaitsAsync(CloseTimeout);
        _fixture.Clock.Advance(CloseTimeout - TimeSpan.FromMilliseconds(1));
        await ConnectionFixture.SettleAsync();
        socket.Events.Should().NotContain("abort");
        _fixture.Clock.Advance(TimeSpan.FromMilliseconds(1));

        (await running.Soon()).Should().Be(CloseReason.OutboxFull);
        socket.Events.Should().StartWith(takes ? "close 4409 outbox_full" : "abort").And.EndWith("abort");
        socket.Events.Should().HaveCount(takes ? 3 : 2, "it is aborted where it is given up, and at the end");
    }

    [Fact]
    public async Task A_close_frame_that_cannot_be_sent_ends_the_socket()
    {
        var (socket, opened, running) = Run(new PlayedSocket { CloseGate = new TaskCompletionSource() });
        opened.Context.Close(CloseReason.Draining);

        socket.CloseGate!.SetException(new InvalidOperationException("The socket is not open."));

        (await running.Soon()).Should().Be(CloseReason.Draining);
        socket.Events.Should().Equal("abort", "abort");
    }

    [Theory]
    [InlineData("send")]
    [InlineData("close")]
    [InlineData("receive")]
    public async Task It_is_over_when_nothing_uses_its_socket_any_more(string last)
    {
        var (socket, opened, running) = Run(new PlayedSocket
        {
            EndsWithAbort = false, SendGate = last == "send" ? new TaskCompletionSource() : null, CloseGate = last == "close" ? new TaskCompletionSource() : null,
        });
        switch (last)
        {
            case "send":
                opened.Outbox.Enqueue(WireJson.Encode(new Pong { ServerTime = default })).Should().BeTrue();
                socket.Break(new IOException());
                break;
            case "close":
                socket.ComeClose(1000);
                await _fixture.Clock.WaitsAsync(CloseTimeout);
                _fixture.Clock.Advance(CloseTimeout);
                break;
            default:
                opened.Context.Close(CloseReason.SendTimedOut);
                break;
        }

        await socket.EventsAsync(1);
        await ConnectionFixture.SettleAsync();
        running.IsCompleted.Should().BeFalse($"a {last} is under way");
        socket.End();

        await running.Soon();
    }

    [Theory]
    [InlineData("IO")]
    [InlineData("cancelled")]
    [InlineData("disposed")]
    [InlineData("WebSocket")]
    public async Task A_transport_that_breaks_is_a_peer_that_vanished_and_is_told_nothing(string failure)
    {
        var (socket, _, running) = Run();

        socket.Break(failure switch
        {
            "IO" => new IOException(),
            "cancelled" => new OperationCanceledException(),
            "disposed" => new ObjectDisposedException("socket"),
            _ => new WebSocketException(WebSocketError.ConnectionClosedPrematurely),
        });

        (await running.Soon()).Should().Be(CloseReason.PeerVanished);
        socket.Events.Should().Equal("abort");
        _fixture.Lines.All.Should().BeEmpty();
    }

    [Fact]
    public async Task A_bug_in_the_loop_is_logged_and_closes_with_1011()
    {
        var (socket, _, running) = Run();

        socket.Break(new ArithmeticException("A bug."));

        (await running.Soon()).Should().Be(CloseReason.InternalError);
        socket.Events.Should().Equal("close 1011 internal_error", "abort");
        _fixture.Lines.All.Should().Equal("Error: Unhandled exception in the receive loop A bug.");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_a_broken_frame_the_peer_has_a_moment_to_read_of_it_or_goes(bool goes)
    {
        using var gone = new CancellationTokenSource();
        var (socket, opened, running) = Run();
        opened.Http.RequestAborted = gone.Token;

        socket.Break(new WebSocketException(WebSocketError.Faulted));
        await _fixture.Clock.WaitsAsync(CloseTimeout);
        await ConnectionFixture.SettleAsync();
        socket.Events.Should().BeEmpty();
        await (goes ? gone.CancelAsync() : Task.Run(() => _fixture.Clock.Advance(CloseTimeout)));

        (await running.Soon()).Should().Be(CloseReason.ProtocolError);
        socket.Events.Should().Equal("abort");
    }

    [Theory]
    [InlineData(true, "close 1009 too_big")]
    [InlineData(false, "close 1003 binary_refused")]
    public async Task The_rest_of_a_message_that_is_refused_is_read_and_ignored_until_the_peer_closes(bool isText, string close)
    {
        var (socket, opened, running) = Run();

        socket.Come(new byte[5000], isEnd: false, isText ? WebSocketMessageType.Text : WebSocketMessageType.Binary);
        await socket.EventsAsync(1);
        socket.Come(new byte[5000]);
        socket.Come("nonsense");
        socket.ComeClose(1000);

        await running.Soon();
        socket.Events.Should().Equal(close, "abort");
        socket.Buffers.Sum(buffer => buffer.Count).Should().Be(10_000 + "nonsense".Length);
        opened.Loop.Received.Should().Be(0);
    }

    private (PlayedSocket Socket, ConnectionFixture.Opened Opened, Task<CloseReason> Running) Run(PlayedSocket? socket = null)
    {
        var opened = _fixture.Open(socket);
        return (opened.Socket, opened, opened.Loop.RunAsync());
    }

    private static async Task EndAsync(PlayedSocket socket, Task running)
    {
        socket.ComeClose(1000);
        await running.Soon();
    }
}
