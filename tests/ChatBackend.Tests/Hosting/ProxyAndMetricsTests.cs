using System.Net;
using ChatBackend.Server;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Builder;

namespace ChatBackend.Tests.Hosting;

/// <summary>What is believed of proxies, and who sees the metrics.</summary>
public sealed class ProxyAndMetricsTests
{
    private static readonly (string, string)[] AsProxied =
        [("X-Forwarded-For", "198.51.100.7"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "chat.example.com"), ("Origin", "https://chat.example.com")];

    [Theory]
    [InlineData("ForwardedHeaders:KnownProxies", "127.0.0.1", true)]
    [InlineData("ForwardedHeaders:KnownProxies:0", "127.0.0.1", true)]
    [InlineData("ForwardedHeaders:KnownNetworks", "10.0.0.0/8, 127.0.0.0/8", true)]
    [InlineData("ForwardedHeaders:KnownProxies", "192.0.2.1", false)]
    [InlineData("ForwardedHeaders:KnownNetworks", "10.0.0.0/8", false)]
    [InlineData("Unrelated", "127.0.0.1", false)]
    [Trait("failure", "Q11")]
    public async Task Forwarded_headers_are_taken_from_proxies_that_are_named(string setting, string value, bool isTaken)
    {
        await using var server = new ChatServer((setting, value), ("AllowedHosts", "chat.example.com"));
        using var response = await RequestApprovalAsync(server, HttpMethod.Post, "/api/guests", AsProxied);

        response.StatusCode.Should().Be(isTaken ? HttpStatusCode.OK : HttpStatusCode.Forbidden);
        if (isTaken)
        {
            response.Headers.GetValues("Set-Cookie").Single().Should().Contain("secure");
            response.Headers.GetValues("Strict-Transport-Security").Should().ContainSingle();
        }
    }

    [Fact]
    [Trait("failure", "Q11")]
    public void A_switch_that_trusts_every_peer_is_refused()
    {
        var builder = WebApplication.CreateBuilder(["--ForwardedHeaders_Enabled=true"]);

        FluentActions.Invoking(builder.AddTrustedProxies).Should().Throw<InvalidOperationException>().WithMessage("*ForwardedHeaders:KnownProxies*");
    }

    [Theory]
    [InlineData("localhost", null, null, 200)]
    [InlineData("127.0.0.1", null, null, 200)]
    [InlineData("chat.example.com", null, null, 403)]
    [InlineData("localhost", "X-Forwarded-For", "127.0.0.1", 403)]
    [InlineData("localhost", "Via", "1.1 proxy", 403)]
    [Trait("failure", "Q11")]
    public async Task Metrics_are_for_this_machine_and_not_for_those_behind_a_proxy_on_it(string host, string? header, string? value, int status)
    {
        await using var server = new ChatServer(("ForwardedHeaders:KnownProxies", "127.0.0.1"), ("AllowedHosts", "chat.example.com"));
        using var response = await RequestApprovalAsync(server, HttpMethod.Get, "/metrics", [("Host", host), .. header is null ? [] : new[] { (header, value!) }]);

        ((int)response.StatusCode).Should().Be(status);
        (await response.Content.ReadAsStringAsync()).Contains("chat_connections", StringComparison.Ordinal).Should().Be(status == 200);
    }

    [Theory]
    [InlineData(null, 401)]
    [InlineData("Bearer wrong", 401)]
    [InlineData("Basic secret", 401)]
    [InlineData("Bearer secret", 200)]
    [Trait("failure", "Q11")]
    public async Task With_a_token_the_metrics_are_for_those_who_have_it(string? authorization, int status)
    {
        await using var server = new ChatServer(("Metrics:Token", "secret"));
        using var response = await RequestApprovalAsync(server, HttpMethod.Get, "/metrics", authorization is null ? [] : [("Authorization", authorization)]);

        ((int)response.StatusCode).Should().Be(status);
    }

    [Theory]
    [InlineData(null, null, 200)]
    [InlineData(null, "cross-site", 403)]
    [InlineData(null, "same-site", 403)]
    [InlineData(null, "same-origin", 200)]
    [InlineData(null, "none", 200)]
    [InlineData("https://evil.example", "same-origin", 403)]
    [Trait("failure", "Q11")]
    public async Task A_guest_is_made_for_no_other_page_even_where_it_hides_its_origin(string? origin, string? site, int status)
    {
        await using var server = new ChatServer();
        using var response = await RequestApprovalAsync(server, HttpMethod.Post, "/api/guests",
            [.. origin is null ? [] : new[] { ("Origin", origin) }, .. site is null ? [] : new[] { ("Sec-Fetch-Site", site) }]);

        ((int)response.StatusCode).Should().Be(status);
    }

    private static async Task<HttpResponseMessage> RequestApprovalAsync(ChatServer server, HttpMethod method, string path, IEnumerable<(string Name, string Value)> headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await server.Http.SendAsync(request);
    }
}
