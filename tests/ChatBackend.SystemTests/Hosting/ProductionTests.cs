using System.Net;
using System.Net.Sockets;

namespace ChatBackend.SystemTests.Hosting;

/// <summary>What a server outside of development serves where, and how it refuses to.</summary>
public sealed class ProductionTests
{
    [Theory]
    [Trait("failure", "Q11")]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("https://127.0.0.1:0;http://[::]:0")]
    public async Task Plain_http_that_other_machines_can_reach_ends_the_start_with_what_to_do(string urls)
    {
        await using var refused = ServerProcess.Launch(new ServerSettings { Urls = urls, Environment = "Production" });

        (await refused.ExitAsync()).Should().Be(1);
        refused.Log.Split('\n').Should().ContainSingle(line => line.Contains("\"@l\":\"Fatal\"", StringComparison.Ordinal))
            .Which.Should().Contain("without TLS").And.Contain("ForwardedHeaders:KnownProxies").And.Contain("Security:AllowPlainHttp=true");
        refused.Log.Should().NotContain("Now listening on");
    }

    [Fact]
    [Trait("failure", "Q11")]
    public async Task Metrics_with_an_address_of_their_own_are_at_that_address_only_and_nothing_else_is()
    {
        var address = new Uri($"http://127.0.0.1:{Loopback.FreePort()}");
        await using var server = await ServerProcess.StartAsync(new ServerSettings
        {
            Environment = "Production",
            Configuration = new Dictionary<string, string> { ["Metrics:Address"] = address.GetLeftPart(UriPartial.Authority), ["Guests:Enabled"] = "true" },
        });
        await server.GuestAsync();
        using var metrics = Trusting.Client(address);
        using var chat = Trusting.Client(server.Http);

        (await metrics.GetStringAsync(new Uri("/metrics", UriKind.Relative)).Soon()).Should().Contain("chat_connections");
        (await StatusAsync(chat, "/metrics")).Should().Be(HttpStatusCode.Forbidden);
        foreach (var path in new[] { "/", "/ws", "/api/threads", "/health/ready", "/openapi/v1.json" })
        {
            (await StatusAsync(metrics, path)).Should().Be(HttpStatusCode.NotFound, path);
            (await StatusAsync(chat, path)).Should().NotBe(HttpStatusCode.NotFound, path);
        }
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient http, string path)
    {
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative)).Soon();
        return response.StatusCode;
    }
}
