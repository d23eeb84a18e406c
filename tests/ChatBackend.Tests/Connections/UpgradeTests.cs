using System.Net;
using System.Net.WebSockets;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Connections;

/// <summary>Who is let in, with which sub-protocol, and what the others hear before the upgrade.</summary>
public sealed class UpgradeTests
{
    [Theory]
    [InlineData("chat.v1")]
    [InlineData("chat.v1,bearer")]
    [InlineData("other,chat.v1")]
    [InlineData(null)]
    [Trait("failure", "B10")]
    public async Task Exactly_the_spoken_sub_protocol_is_echoed(string? offered)
    {
        await using var server = new ChatServer();
        var guest = await server.GuestAsync();
        using var socket = new ClientWebSocket();
        foreach (var protocol in offered?.Split(',') ?? [])
        {
            socket.Options.AddSubProtocol(protocol == "bearer" ? $"{ChatProtocol.BearerPrefix}{guest.Token}" : protocol);
        }

        if (offered?.Contains("bearer", StringComparison.Ordinal) is not true)
        {
            socket.Options.SetRequestHeader("Authorization", $"Bearer {guest.Token}");
        }

        await socket.ConnectAsync(server.WebSocket, CancellationToken.None).Soon();

        socket.SubProtocol.Should().Be(offered is null ? null : ChatProtocol.Name);
    }

    [Theory]
    [InlineData(null, null, "chat.v1", 401)]
    [InlineData("Bearer nonsense", null, "chat.v1", 401)]
    [InlineData("token", "https://evil.example", "chat.v1", 403)]
    [InlineData("token", "null", "chat.v1", 403)]
    [InlineData("token", null, "graphql-ws", 400)]
    [Trait("failure", "C9")]
    [Trait("failure", "C10")]
    [Trait("failure", "C11")]
    [Trait("failure", "B14")]
    [Trait("failure", "A21")]
    [Trait("failure", "P14")]
    public async Task Who_is_not_let_in_hears_a_status_before_the_upgrade_and_leaves_nothing_behind(
        string? authorization, string? origin, string protocol, int status)
    {
        await using var server = new ChatServer();
        var guest = await server.GuestAsync();
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.AddSubProtocol(protocol);
        if (authorization is not null)
        {
            socket.Options.SetRequestHeader("Authorization", authorization == "token" ? $"Bearer {guest.Token}" : authorization);
        }

        if (origin is not null)
        {
            socket.Options.SetRequestHeader("Origin", origin);
        }

        var connect = () => socket.ConnectAsync(server.WebSocket, CancellationToken.None).Soon();

        await connect.Should().ThrowAsync<WebSocketException>();
        ((int)socket.HttpStatusCode).Should().Be(status);
        (await server.GaugeAsync("chat_connection_handlers")).Should().Be(0);
        (await server.GaugeAsync("chat_connection_scopes")).Should().Be(0);
    }

    [Fact]
    public async Task An_open_connection_keeps_no_credential_that_its_request_came_with()
    {
        HttpContext? upgraded = null;
        await using var server = new ChatServer(services => services.AddSingleton<IStartupFilter>(
            new Watch(http => upgraded = http.Request.Path == ChatProtocol.Path ? http : upgraded)));
        var guest = await server.GuestAsync();
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(ChatProtocol.Name);
        socket.Options.AddSubProtocol($"{ChatProtocol.BearerPrefix}{guest.Token}");
        socket.Options.SetRequestHeader("Authorization", $"Bearer {guest.Token}");
        socket.Options.SetRequestHeader("Cookie", $"chat_session={guest.Token}");
        await socket.ConnectAsync(server.WebSocket, CancellationToken.None).Soon();
        await socket.ReceiveAsync(new byte[4096], CancellationToken.None).Soon();

        upgraded!.Request.Headers.Should().ContainKey("Host").And.NotContain(header => header.Value.ToString().Contains(guest.Token, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("failure", "B28")]
    public async Task A_plain_request_is_told_what_the_address_is_for()
    {
        await using var server = new ChatServer();

        using var response = await server.Http.GetAsync(new Uri("/ws", UriKind.Relative));

        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        response.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
    }

    [Fact]
    [Trait("failure", "B15")]
    public async Task Beyond_its_capacity_the_server_refuses_the_newest_and_lets_it_in_when_there_is_room()
    {
        await using var server = new ChatServer(("Connections:MaxConnections", "2"));
        await using var first = await server.ConnectAsync();
        await using var second = await server.ConnectAsync();
        var third = () => server.ConnectAsync();

        (await third.Should().ThrowAsync<ChatBackend.Client.ChatConnectException>()).Which.Status.Should().Be(HttpStatusCode.ServiceUnavailable);
        await first.DisposeAsync();
        await server.UntilGaugeAsync("chat_connections", 1);

        await using var admitted = await server.ConnectAsync();
        (await admitted.Connection.PingAsync()).Should().NotBeNull();
    }

    [Fact]
    [Trait("failure", "C14")]
    [Trait("failure", "B23")]
    public async Task An_expired_session_ends_with_4401_and_authenticate_extends_it_in_place()
    {
        await using var server = new ChatServer(("Guests:TokenLifetime", "01:00:00"));
        await using var expiring = await server.ConnectRawAsync();
        var guest = await server.GuestAsync();
        await using var extended = await server.ConnectAsync(guest);
        server.Clock.Shift = TimeSpan.FromMinutes(50);
        await extended.Connection.AuthenticateAsync(server.TokenFor(guest.UserId));

        server.Clock.Shift = TimeSpan.FromMinutes(61);

        (await expiring.ReceiveCloseAsync()).Should().Be(4401);
        await extended.Connection.PingAsync().Soon();
        extended.Frames.All().OfType<ConnectionEstablished>().Should().ContainSingle("the socket was not replaced");
    }

    [Fact]
    [Trait("failure", "C9")]
    public async Task Authenticate_takes_no_other_users_token()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var other = await server.GuestAsync();

        (await TestClient.RefusalOfAsync(() => client.Connection.AuthenticateAsync(other.Token))).Should().Be(ErrorCode.Unauthenticated);
        (await TestClient.RefusalOfAsync(() => client.Connection.AuthenticateAsync("nonsense"))).Should().Be(ErrorCode.Unauthenticated);

        client.Connection.Established.UserId.Should().Be(client.Guest.UserId);
        await client.Connection.PingAsync().Soon();
    }

    /// <summary>Shows each request before anything else of the application sees it.</summary>
    private sealed class Watch(Action<HttpContext> see) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((http, rest) =>
            {
                see(http);
                return rest(http);
            });
            next(app);
        };
    }
}
