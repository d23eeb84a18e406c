using System.Net;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Hosting;

/// <summary>By which names the server is reached, and what its answers tell a browser.</summary>
public sealed class HostAndHeaderTests
{
    private static readonly string[] Paths = ["/", "/api/threads", "/api/guests", "/openapi/v1.json", "/metrics", "/health/live", "/ws", "/nothing"];

    [Theory]
    [InlineData("chat.example.com", 400)]
    [InlineData("rebound.example", 400)]
    [InlineData("localhost.rebound.example", 400)]
    [InlineData("127.0.0.1.rebound.example", 400)]
    [InlineData("203.0.113.9", 400)]
    [InlineData("localhost", 200)]
    [InlineData("LOCALHOST:5080", 200)]
    [InlineData("chat.localhost", 200)]
    [InlineData("127.0.0.1", 200)]
    [InlineData("[::1]", 200)]
    [Trait("failure", "Q11")]
    public async Task Only_names_that_mean_this_machine_are_answered_to_by_default(string host, int status)
    {
        await using var server = new ChatServer();

        foreach (var path in Paths)
        {
            using var response = await RequestApprovalAsync(server, path, host);
            (response.StatusCode == HttpStatusCode.BadRequest && path != "/ws").Should().Be(status == 400 && path != "/ws", path);
            if (status == 400)
            {
                response.StatusCode.Should().Be(HttpStatusCode.BadRequest, path);
                var body = await response.Content.ReadAsStringAsync();
                body.Should().Contain("AllowedHosts").And.NotContain(host);
            }
        }
    }

    [Theory]
    [InlineData("chat.example.com", 200)]
    [InlineData("CHAT.example.com:8443", 200)]
    [InlineData("a.example.org", 200)]
    [InlineData("localhost", 200)]
    [InlineData("example.org", 400)]
    [InlineData("chat.example.com.rebound.example", 400)]
    [Trait("failure", "Q11")]
    public async Task Names_that_the_operator_lists_are_answered_to(string host, int status)
    {
        await using var server = new ChatServer(("AllowedHosts", "chat.example.com; *.example.org"));
        using var response = await RequestApprovalAsync(server, "/health/live", host);

        ((int)response.StatusCode).Should().Be(status);
    }

    [Fact]
    [Trait("failure", "Q11")]
    public async Task A_page_under_a_listed_name_is_of_this_server_and_one_under_another_is_not()
    {
        await using var server = new ChatServer(("AllowedHosts", "chat.example.com"));

        (await GuestAsync("chat.example.com")).Should().Be(HttpStatusCode.OK);
        (await GuestAsync("rebound.example")).Should().Be(HttpStatusCode.BadRequest);

        async Task<HttpStatusCode> GuestAsync(string host)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/guests") { Headers = { Host = host } };
            request.Headers.Add("Origin", "http://" + host);
            using var response = await server.Http.SendAsync(request);
            return response.StatusCode;
        }
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("rebound.example")]
    [Trait("failure", "Q11")]
    public async Task Every_answer_tells_browsers_to_keep_it_to_themselves(string host)
    {
        await using var server = new ChatServer();

        foreach (var path in Paths)
        {
            using var response = await RequestApprovalAsync(server, path, host);
            var headers = response.Headers;
            headers.GetValues("X-Content-Type-Options").Should().Equal(["nosniff"], path);
            headers.GetValues("Referrer-Policy").Should().Equal(["no-referrer"], path);
            headers.GetValues("Cross-Origin-Opener-Policy").Should().Equal(["same-origin"], path);
            headers.GetValues("Cross-Origin-Resource-Policy").Should().Equal(["same-origin"], path);
            headers.GetValues("Permissions-Policy").Should().ContainSingle(path).Which.Should().Contain("camera=()");
            headers.GetValues("Content-Security-Policy").Should().ContainSingle(path).Which.Should().Contain("default-src 'none'").And.Contain("frame-ancestors 'none'");
            var isPage = path == "/" && host == "localhost";
            (isPage ? headers.CacheControl!.NoCache : headers.CacheControl!.NoStore).Should().BeTrue(path);
            headers.Contains("Server").Should().BeFalse(path);
            headers.Contains("Strict-Transport-Security").Should().BeFalse("it came without TLS");
        }
    }

    private static async Task<HttpResponseMessage> RequestApprovalAsync(ChatServer server, string path, string host)
    {
        using var request = new HttpRequestMessage(path == "/api/guests" ? HttpMethod.Post : HttpMethod.Get, path) { Headers = { Host = host } };
        return await server.Http.SendAsync(request);
    }
}
