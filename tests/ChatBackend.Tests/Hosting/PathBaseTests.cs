using System.Net;
using System.Net.WebSockets;
using ChatBackend.Protocol;
using ChatBackend.Server;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Builder;

namespace ChatBackend.Tests.Hosting;

/// <summary>The server below a path: one that requests still have, or one that a trusted proxy took out and tells.</summary>
[Trait("failure", "Q18")]
public sealed class PathBaseTests
{
    [Theory]
    [InlineData("PathBase", "/assistant", "/assistant", null)]
    [InlineData("ForwardedHeaders:KnownProxies", "127.0.0.1", "", "/assistant")]
    public async Task Page_socket_http_and_cookie_are_of_the_path(string setting, string value, string path, string? forwarded)
    {
        await using var server = new ChatServer((setting, value));
        if (forwarded is not null)
        {
            server.Http.DefaultRequestHeaders.Add("X-Forwarded-Prefix", forwarded);
        }

        using var page = await server.Http.GetAsync(new Uri($"{path}/", UriKind.Relative));
        (await page.Content.ReadAsStringAsync()).Should().Contain("src=\"assets/").And.NotContain("=\"/", "what the page loads is relative to itself");
        using var guest = await server.Http.PostAsync(new Uri($"{path}/api/guests", UriKind.Relative), null);
        var cookie = guest.Headers.GetValues("Set-Cookie").Single();
        cookie.Should().Contain("path=/assistant;");
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Cookie", cookie.Split(';')[0]);
        socket.Options.SetRequestHeader("Origin", server.Http.BaseAddress!.GetLeftPart(UriPartial.Authority));
        if (forwarded is not null)
        {
            socket.Options.SetRequestHeader("X-Forwarded-Prefix", forwarded);
        }

        await socket.ConnectAsync(new UriBuilder(server.WebSocket) { Path = path + ChatProtocol.Path }.Uri, CancellationToken.None).Soon();
        (await new RawSocket(socket).ReceiveAsync()).GetProperty("type").GetString().Should().Be("connection_established");
    }

    [Fact]
    public async Task Without_its_slash_the_path_of_the_page_leads_to_the_one_with_it()
    {
        await using var server = new ChatServer(("PathBase", "/assistant"));
        using var handler = new HttpClientHandler { AllowAutoRedirect = false };
        using var http = new HttpClient(handler) { BaseAddress = server.Http.BaseAddress };

        using var response = await http.GetAsync(new Uri("/assistant", UriKind.Relative));

        response.StatusCode.Should().Be(HttpStatusCode.MovedPermanently);
        response.Headers.Location!.ToString().Should().EndWith("/assistant/");
    }

    [Theory]
    [InlineData("assistant")]
    [InlineData("/assistant/")]
    public async Task What_is_not_a_path_ends_the_start(string path)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration["PathBase"] = path;
        await using var app = builder.Build();

        app.Invoking(application => application.UseConfiguredPath()).Should().Throw<InvalidOperationException>().WithMessage("PathBase*");
    }
}
