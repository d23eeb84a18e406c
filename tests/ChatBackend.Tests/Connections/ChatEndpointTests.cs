using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using ChatBackend.Connections;
using ChatBackend.Hosting;
using ChatBackend.Protocol;
using ChatBackend.Telemetry;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Connections;

/// <summary>What the endpoint says to those it does not let in, and what it leaves of those it did.</summary>
public sealed class ChatEndpointTests : IDisposable
{
    private readonly LogLines _lines = new(typeof(ChatEndpoint).FullName!);

    public void Dispose() => _lines.Dispose();

    [Fact]
    public async Task A_server_that_stops_or_is_full_says_when_to_come_again()
    {
        await using var server = new ChatServer(("Connections:MaxConnections", "1"));
        var guest = await server.GuestAsync();
        await using var inside = await server.ConnectRawAsync(guest);

        using var full = await UpgradeAsync(server, guest.Token);
        server.Services.GetRequiredService<Readiness>().Draining();
        using var stopping = await UpgradeAsync(server, guest.Token);

        await RefusedAsync(full, "The server is at capacity; connect again in a moment.");
        full.Headers.ConnectionClose.Should().BeTrue("it would hold its socket otherwise");
        await RefusedAsync(stopping, "The server is starting or stopping; connect again in a moment.");
        stopping.Headers.ConnectionClose.Should().NotBe(true);
        (await server.GaugeAsync("chat_requests_refused_total{reason=\"at_capacity\"}")).Should().Be(1);
        (await server.GaugeAsync("chat_requests_refused_total{reason=\"not_ready\"}")).Should().Be(1);

        static async Task RefusedAsync(HttpResponseMessage response, string detail)
        {
            (response.StatusCode, response.Headers.RetryAfter?.ToString()).Should().Be((HttpStatusCode.ServiceUnavailable, "1"));
            var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
            problem.GetProperty("detail").GetString().Should().Be(detail);
        }
    }

    [Theory]
    [InlineData(true, "WebSocket requests only.", 400)]
    [InlineData(false, "A token is needed: as bearer, as sub-protocol, or in the cookie.", 401)]
    public async Task Other_refusals_ask_nobody_to_come_again(bool isPlain, string detail, int status)
    {
        await using var server = new ChatServer();

        using var response = isPlain ? await server.Http.GetAsync(new Uri("/ws", UriKind.Relative), TestContext.Current.CancellationToken) : await UpgradeAsync(server, token: null);

        (await RestClient.ProblemOfAsync(response, status)).GetProperty("detail").GetString().Should().Be(detail);
        response.Headers.RetryAfter.Should().BeNull();
        response.Headers.ConnectionClose.Should().NotBe(true);
    }

    [Fact]
    public async Task Each_place_is_given_back_once()
    {
        await using var server = new ChatServer(("Connections:MaxConnections", "1"));
        var guest = await server.GuestAsync();
        for (var visit = 0; visit < 3; visit++)
        {
            await using var inside = await server.ConnectRawAsync(guest);
            using var full = await UpgradeAsync(server, guest.Token);
            full.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);

            await inside.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).Soon();
            await server.UntilGaugeAsync("chat_connection_scopes", 0);
        }
    }

    [Fact]
    public async Task Who_comes_in_while_the_server_begins_to_drain_is_closed_with_1001()
    {
        await using var server = new ChatServer(services => services.AddScoped(provider =>
        {
            provider.GetRequiredService<Readiness>().Draining(); // after the request was let in
            return new ConnectionContext(provider.GetRequiredService<ChatMetrics>());
        }));

        await using var late = await server.ConnectRawAsync();

        (await late.ReceiveCloseAsync()).Should().Be(CloseCodes.GoingAway);
    }

    [Fact]
    public async Task A_connection_that_cannot_be_served_is_logged_and_counted_and_leaves_nothing_behind()
    {
        var breaks = false;
        await using var server = new ChatServer(services => Logged(services).AddScoped(provider =>
        {
            var context = new ConnectionContext(provider.GetRequiredService<ChatMetrics>());
            if (breaks)
            {
                var router = provider.GetRequiredService<MessageRouter>();
                router.Register(router.Connections.First() with { Context = context }); // the id is taken, which nothing but a bug could bring about
            }

            return context;
        }), ("Connections:MaxConnections", "2"));
        await using var other = await server.ConnectRawAsync();
        var router = server.Services.GetRequiredService<MessageRouter>();
        breaks = true;

        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {(await server.GuestAsync()).Token}");
        await socket.ConnectAsync(server.WebSocket, TestContext.Current.CancellationToken).Soon();
        await _lines.UntilAsync(line => line.StartsWith("Error: Unhandled exception while a connection was served", StringComparison.Ordinal)).Soon();
        await server.UntilGaugeAsync("chat_connection_scopes", 1);

        (await server.GaugeAsync("chat_connections")).Should().Be(1);
        (await server.GaugeAsync("chat_connections_closed_total{reason=\"internal_error\"}")).Should().Be(1);
        router.Connections.Should().HaveCount(2, "what has the id is not removed by another");
        breaks = false;
        await using var admitted = await server.ConnectRawAsync();
    }

    [Fact]
    public async Task A_connection_is_a_line_when_it_opens_and_one_when_it_closes()
    {
        await using var server = new ChatServer(services => Logged(services));
        await using (var raw = await server.ConnectRawAsync())
        {
            await raw.SendAsync("""{"type":"ping","id":"p1"}""");
            await raw.ReceiveAsync();
            await raw.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).Soon();
        }

        await _lines.UntilAsync(line => line.Contains("closed", StringComparison.Ordinal)).Soon();

        _lines.All.Should().HaveCount(2);
        _lines.All.First().Should().Be("Information: Connection opened, sub-protocol chat.v1");
        _lines.All.Last().Should().MatchRegex(@"^Information: Connection closed: client_done \(1000\) after \d+\.\d s, 1 received, 2 sent$");
    }

    [Fact]
    public async Task Of_very_many_connections_two_hundred_lines_are_written_in_ten_seconds_and_the_others_counted()
    {
        await using var server = new ChatServer(services => Logged(services));
        var guest = await server.GuestAsync();
        await OpenAndCloseAsync(1);
        server.Clock.Elapsed = TimeSpan.FromMinutes(-10); // however long the others take, the ten seconds are not over
        await OpenAndCloseAsync(99);
        await using var left = await server.ConnectRawAsync(guest);
        _lines.All.Should().HaveCount(200);

        server.Clock.Elapsed = TimeSpan.FromSeconds(10); // since the first
        await using var next = await server.ConnectRawAsync(guest);

        _lines.All.Skip(200).Should().Equal(
            "Information: 1 lines of connections that opened or closed are left out: more than 200 came within ten seconds. The metrics count all",
            "Information: Connection opened, sub-protocol chat.v1");

        async Task OpenAndCloseAsync(int count)
        {
            var sockets = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => server.ConnectRawAsync(guest)));
            foreach (var socket in sockets)
            {
                await socket.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).Soon();
            }

            await server.UntilGaugeAsync("chat_connection_scopes", 0);
        }
    }

    private IServiceCollection Logged(IServiceCollection services) =>
        services.AddSingleton<ILogger<ChatEndpoint>>(new Logger<ChatEndpoint>(LoggerFactory.Create(logging => logging.AddProvider(_lines))));

    /// <summary>Asks for a WebSocket and takes whatever answer comes.</summary>
    private static async Task<HttpResponseMessage> UpgradeAsync(ChatServer server, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/ws", UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        }

        return await server.Http.SendAsync(request, TestContext.Current.CancellationToken).Soon();
    }
}
