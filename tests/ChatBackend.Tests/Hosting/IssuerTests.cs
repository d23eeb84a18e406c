using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Server;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Builder;

namespace ChatBackend.Tests.Hosting;

/// <summary>Users of an OpenID Connect issuer at the server, beside its guests.</summary>
public sealed class IssuerTests
{
    [Fact]
    public async Task A_token_of_the_issuer_is_a_way_in_for_socket_and_http()
    {
        await using var issuer = await TestIssuer.StartAsync();
        await using var server = Server(issuer);
        var token = await issuer.TokenAsync("ada");

        await using var chat = await ConnectAsync(server, token);
        chat.Established.UserId.Value.Should().Be("ada");
        var ack = await chat.ChatAsync("""{"steps":[{"say":"done"}]}""", agent: "script").Soon();
        using var threads = await GetAsync(server, token);
        threads.StatusCode.Should().Be(HttpStatusCode.OK);
        (await threads.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Contain(ack.ThreadId!.Value.Value);
        using var of = await GetAsync(server, await issuer.TokenAsync("ben"));
        (await of.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().NotContain(ack.ThreadId!.Value.Value);
    }

    [Fact]
    public async Task A_browser_sends_it_as_a_sub_protocol_which_is_never_echoed()
    {
        await using var issuer = await TestIssuer.StartAsync();
        await using var server = Server(issuer);
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(ChatProtocol.Name);
        socket.Options.AddSubProtocol($"{ChatProtocol.BearerPrefix}{await issuer.TokenAsync("ada")}");

        await socket.ConnectAsync(server.WebSocket, CancellationToken.None).Soon();

        socket.SubProtocol.Should().Be(ChatProtocol.Name);
        (await new RawSocket(socket).ReceiveAsync()).GetProperty("user_id").GetString().Should().Be("ada");
    }

    [Fact]
    public async Task Tokens_of_another_issuer_for_another_service_or_changed_are_refused_and_guests_are_not()
    {
        await using var issuer = await TestIssuer.StartAsync();
        await using var other = await TestIssuer.StartAsync();
        await using var server = Server(issuer);
        var token = await issuer.TokenAsync("ada");

        (await StatusAsync(server, await other.TokenAsync("ada"))).Should().Be(HttpStatusCode.Unauthorized);
        (await StatusAsync(server, await issuer.TokenAsync("ada", audience: "payroll"))).Should().Be(HttpStatusCode.Unauthorized);
        (await StatusAsync(server, token[..^8] + "AAAAAAAA")).Should().Be(HttpStatusCode.Unauthorized);
        (await StatusAsync(server, "a.b.c")).Should().Be(HttpStatusCode.Unauthorized);
        (await StatusAsync(server, token)).Should().Be(HttpStatusCode.OK);
        (await StatusAsync(server, (await server.GuestAsync()).Token)).Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_user_is_whom_the_configured_claim_of_the_issuer_names()
    {
        await using var issuer = await TestIssuer.StartAsync();
        await using var server = Server(issuer, ("Auth:UserIdClaim", "employee"));

        await using var chat = await ConnectAsync(server, await issuer.TokenAsync("ada"));
        chat.Established.UserId.Value.Should().Be("emp-ada");
    }

    [Fact]
    [Trait("failure", "C14")]
    public async Task A_connection_ends_with_its_token_unless_a_newer_one_of_the_same_user_comes()
    {
        await using var issuer = await TestIssuer.StartAsync();
        await using var server = Server(issuer);
        await using var expiring = await server.ConnectRawAsync(new GuestSession(UserId.From("ben"), await issuer.TokenAsync("ben"), default));
        await using var extended = await ConnectAsync(server, await issuer.TokenAsync("ada"));
        await extended.AuthenticateAsync(await issuer.TokenAsync("ada", lifetime: TimeSpan.FromHours(3))).Soon();
        var foreign = await issuer.TokenAsync("ben");
        (await TestClient.RefusalOfAsync(() => extended.AuthenticateAsync(foreign))).Should().Be(ErrorCode.Unauthenticated);

        server.Clock.Shift = TimeSpan.FromMinutes(61);

        (await expiring.ReceiveCloseAsync()).Should().Be(4401);
        await extended.PingAsync().Soon();
        extended.Established.UserId.Value.Should().Be("ada");
    }

    [Fact]
    public async Task An_issuer_that_cannot_be_asked_costs_its_own_users_a_503_and_guests_nothing()
    {
        await using var issuer = await TestIssuer.StartAsync();
        var token = await issuer.TokenAsync("ada");
        await using var server = new ChatServer(("Auth:Authority", "http://127.0.0.1:1"), ("Auth:Audience", "chat"));

        using var refused = await GetAsync(server, token);
        await RestClient.ProblemOfAsync(refused, 503);
        refused.Headers.RetryAfter!.Delta.Should().BePositive();
        (await StatusAsync(server, (await server.GuestAsync()).Token)).Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("http://login.example.com", "chat", "Auth:Authority")]
    [InlineData("login.example.com", "chat", "Auth:Authority")]
    [InlineData("https://login.example.com", "", "Auth:Audience")]
    [InlineData("", "chat", "Auth:Authority")]
    public void A_setting_that_would_take_tokens_it_should_not_ends_the_start(string authority, string audience, string named)
    {
        var builder = WebApplication.CreateSlimBuilder();
        (builder.Configuration["Auth:Authority"], builder.Configuration["Auth:Audience"]) = (authority, audience);
        var add = () => builder.AddSignIns(builder.Services.AddChatBackend());

        add.Should().Throw<InvalidOperationException>().WithMessage($"{named}*");
    }

    private static ChatServer Server(TestIssuer issuer, params (string, string)[] settings) =>
        new([("Auth:Authority", issuer.Address.ToString()), ("Auth:Audience", "chat"), .. settings]);

    private static Task<ChatConnection> ConnectAsync(ChatServer server, string token) =>
        ChatConnection.ConnectAsync(new ChatConnectionOptions { Uri = server.WebSocket, Token = _ => ValueTask.FromResult(token) }).Soon();

    private static async Task<HttpStatusCode> StatusAsync(ChatServer server, string token)
    {
        using var response = await GetAsync(server, token);
        return response.StatusCode;
    }

    private static async Task<HttpResponseMessage> GetAsync(ChatServer server, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/threads");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await server.Http.SendAsync(request, TestContext.Current.CancellationToken).Soon();
    }
}
