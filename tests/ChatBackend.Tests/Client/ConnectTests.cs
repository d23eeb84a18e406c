using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;

namespace ChatBackend.Tests.Client;

/// <summary>The first attempt: what it says to the server, and what it throws.</summary>
public sealed class ConnectTests : IAsyncLifetime
{
    private ScriptedServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await ScriptedServer.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_connection_is_there_with_what_the_server_said_first()
    {
        ClientWebSocketOptions? configured = null;
        var frames = new List<ServerFrame>();
        var (client, socket) = await _server.OpenAsync(options => options with { ConfigureSocket = socket => configured = socket, OnFrame = frames.Add });

        frames.Should().ContainSingle().Which.Should().BeSameAs(client.Established);
        (client.State, client.Closed.IsCompleted, client.Restored.Count, socket.Authorization).Should().Be((ChatConnectionState.Connected, false, 0, "Bearer token-1"));
        (configured!.KeepAliveInterval, configured.KeepAliveTimeout, configured.CollectHttpResponseDetails)
            .Should().Be((TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(20), true), "a link that is dead without a word is found within 35 s");
        client.Abort();
    }

    [Fact]
    public async Task A_first_frame_that_is_another_is_not_a_chat_server()
    {
        var connecting = _server.ConnectAsync();
        var socket = await _server.AcceptSilentlyAsync();
        await socket.SendAsync(new Pong { ServerTime = default });

        var refused = (await connecting.Invoking(task => task.Soon()).Should().ThrowAsync<ChatConnectException>()).Which;

        refused.Message.Should().Be($"Could not connect to {_server.Uri}: The first frame was Pong, not connection_established..");
        (refused.Status, refused.CloseCode, refused.RetryAfter).Should().Be((null, null, null));
        refused.InnerException.Should().BeOfType<JsonException>();
        await socket.ReceiveCutAsync();
    }

    [Fact]
    public async Task A_server_that_closes_at_once_says_why()
    {
        var connecting = _server.ConnectAsync();
        var socket = await _server.AcceptSilentlyAsync();
        var closing = socket.CloseAsync(CloseCodes.AtCapacity, "full");

        var refused = (await connecting.Invoking(task => task.Soon()).Should().ThrowAsync<ChatConnectException>()).Which;

        (refused.Message, refused.CloseCode, refused.Status).Should().Be(($"{_server.Uri} closed at once: 1013 full.", CloseCodes.AtCapacity, null));
        await closing.ContinueWith(static _ => { }, TaskScheduler.Default); // nobody answers it
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_given_up_in_time_and_its_socket_given_back()
    {
        var clock = new WatchedClock();
        var connecting = _server.ConnectAsync(options => options with { TimeProvider = clock, ConnectTimeout = TimeSpan.FromSeconds(7) });
        var socket = await _server.AcceptSilentlyAsync();
        clock.Advance(TimeSpan.FromSeconds(6.9));
        connecting.IsCompleted.Should().BeFalse();
        clock.Advance(TimeSpan.FromSeconds(0.1));

        var refused = (await connecting.Invoking(task => task.Soon()).Should().ThrowAsync<ChatConnectException>()).Which;

        refused.Message.Should().Be($"Could not connect to {_server.Uri}: no connection in time.");
        (refused.Status, refused.CloseCode).Should().Be((null, null));
        await socket.ReceiveCutAsync();
    }

    [Fact]
    public async Task Who_gives_up_connecting_gives_the_socket_back()
    {
        using var giveUp = new CancellationTokenSource();
        var connecting = ChatConnection.ConnectAsync(Options(_server.Uri), giveUp.Token);
        var socket = await _server.AcceptSilentlyAsync();

        await giveUp.CancelAsync();

        await connecting.Invoking(task => task.Soon()).Should().ThrowAsync<OperationCanceledException>();
        await socket.ReceiveCutAsync();
    }

    [Fact]
    public async Task Where_nobody_listens_there_is_neither_a_status_nor_a_code()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        var refused = (await FluentActions.Awaiting(() => ChatConnection.ConnectAsync(Options(new Uri($"ws://127.0.0.1:{port}/ws"))).Soon()).Should().ThrowAsync<ChatConnectException>()).Which;

        (refused.Status, refused.CloseCode, refused.RetryAfter).Should().Be((null, null, null));
        refused.InnerException.Should().BeOfType<WebSocketException>();
        refused.Message.Should().Contain(refused.InnerException!.Message);
    }

    [Fact]
    public async Task What_a_callback_throws_is_thrown_as_it_is()
    {
        var bug = new InvalidOperationException("a bug of the caller's");
        var connecting = _server.ConnectAsync(options => options with { OnFrame = _ => throw bug });
        var socket = await _server.AcceptAsync();

        (await connecting.Invoking(task => task.Soon()).Should().ThrowAsync<InvalidOperationException>()).Which.Should().BeSameAs(bug);
        await socket.ReceiveCutAsync();
    }

    [Fact]
    public async Task A_store_that_cannot_be_read_is_thrown_and_gives_the_socket_back()
    {
        var connecting = _server.ConnectAsync(options => options with { SendStore = new BrokenStore() });
        var socket = await _server.AcceptAsync();

        await connecting.Invoking(task => task.Soon()).Should().ThrowAsync<IOException>();
        await socket.ReceiveCutAsync();
    }

    [Theory]
    [InlineData(HttpStatusCode.ServiceUnavailable, "7", 7)]
    [InlineData(HttpStatusCode.TooManyRequests, "Sat, 01 Jan 2000 00:00:30 GMT", 30)]
    [InlineData(HttpStatusCode.ServiceUnavailable, "Fri, 31 Dec 1999 23:59:30 GMT", null)]
    [InlineData(HttpStatusCode.ServiceUnavailable, "0", null)]
    [InlineData(HttpStatusCode.ServiceUnavailable, "soon", null)]
    [InlineData(HttpStatusCode.Unauthorized, null, null)]
    public async Task A_refused_upgrade_says_its_status_and_when_to_come_again(HttpStatusCode status, string? retryAfter, int? seconds)
    {
        _server.RefuseNext(status, retryAfter);

        var refused = (await FluentActions.Awaiting(() => _server.ConnectAsync(options => options with { TimeProvider = new WatchedClock() }).Soon())
            .Should().ThrowAsync<ChatConnectException>()).Which;

        (refused.Status, refused.RetryAfter?.TotalSeconds, refused.CloseCode).Should().Be((status, seconds, null));
        refused.Message.Should().Be($"Could not connect to {_server.Uri}: HTTP {(int)status} the upgrade was refused.");
    }

    [Fact]
    public async Task A_page_instead_of_an_upgrade_is_not_a_refusal_with_a_status()
    {
        _server.RefuseNext(HttpStatusCode.OK);

        var refused = (await FluentActions.Awaiting(() => _server.ConnectAsync().Soon()).Should().ThrowAsync<ChatConnectException>()).Which;

        refused.Status.Should().BeNull();
        refused.Message.Should().NotContain("refused.");
    }

    [Fact]
    public async Task Without_options_there_is_no_connection() =>
        await FluentActions.Awaiting(() => ChatConnection.ConnectAsync(null!)).Should().ThrowAsync<ArgumentNullException>().WithParameterName("options");

    private static ChatConnectionOptions Options(Uri uri) => new() { Uri = uri, Token = _ => new("token-1") };

    private sealed class BrokenStore : ISendStore
    {
        public ValueTask<IReadOnlyList<StoredSend>> LoadAsync(UserId user, CancellationToken cancellationToken) => throw new IOException("The disk is gone.");

        public ValueTask SaveAsync(UserId user, StoredSend send) => throw new NotSupportedException();

        public ValueTask RemoveAsync(UserId user, ClientFrameId id) => throw new NotSupportedException();
    }
}
