using System.Net;
using ChatBackend.Telemetry;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Connections;

/// <summary>Everything that is refused is counted with its reason and leaves a line, and nobody fills the log by it or finds own text in it.</summary>
public sealed class RefusalTests
{
    [Fact]
    [Trait("failure", "Q13")]
    [Trait("failure", "Q14")]
    public async Task Every_refusal_before_the_upgrade_and_every_error_after_it_is_counted_by_its_reason()
    {
        await using var server = new ChatServer();
        var (first, second) = (await server.GuestAsync(), await server.GuestAsync());
        var own = ("Origin", server.Http.BaseAddress!.GetLeftPart(UriPartial.Authority));

        (await StatusAsync(server, "/api/threads")).Should().Be(HttpStatusCode.Unauthorized);
        (await StatusAsync(server, "/api/threads", ("Origin", "https://evil.example"))).Should().Be(HttpStatusCode.Forbidden);
        (await StatusAsync(server, "/api/threads", own, ("Cookie", $"chat_session={first.Token}; chat_session={second.Token}"))).Should().Be(HttpStatusCode.Unauthorized);
        (await StatusAsync(server, "/ws")).Should().Be(HttpStatusCode.BadRequest);
        (await StatusAsync(server, "/api/threads?limit=x", ("Authorization", $"Bearer {first.Token}"))).Should().Be(HttpStatusCode.BadRequest);
        await using var socket = await server.ConnectRawAsync(first);
        await socket.SendAsync("{");
        (await socket.ReceiveAsync()).GetProperty("code").GetString().Should().Be("invalid_json");

        foreach (var reason in new[] { "no_token", "foreign_origin", "cookie_conflict", "no_websocket" })
        {
            (await server.GaugeAsync($"chat_requests_refused_total{{reason=\"{reason}\"}}")).Should().Be(1, reason);
        }

        (await server.GaugeAsync("chat_requests_refused_total{reason=\"at_capacity\"}")).Should().Be(0);
        (await server.GaugeAsync("chat_errors_total{code=\"invalid_json\"}")).Should().Be(1);
        (await server.GaugeAsync("chat_errors_total{code=\"invalid_request\"}")).Should().Be(1);
    }

    [Fact]
    [Trait("failure", "Q14")]
    public async Task An_error_repeats_nothing_of_what_the_client_sent()
    {
        await using var server = new ChatServer();
        await using var socket = await server.ConnectRawAsync();
        const string canary = "canary7f";
        string[] frames =
        [
            $$"""{"type":"chat","id":"c1","content":"hello","agent":"{{canary}}"}""",
            $$"""{"type":"{{canary}}","id":"c2"}""",
            $$$"""{"type":"chat","id":"c3","content":{"{{{canary}}}":1}}""",
            $$"""{"type":"follow","id":"c4","thread_id":"{{canary}}"}""",
            $$"""{"type":"chat","id":"c5","content":"x","when_running":"{{canary}}"}""",
            $$$"""{"type":"follow","id":"c6","thread_id":"thr_1","parts":[{"{{{canary}}}":{}}]}""",
            $$"""{"type":"authenticate","id":"c7","token":"{{canary}}"}""",
        ];

        foreach (var frame in frames)
        {
            await socket.SendAsync(frame);
            var error = await socket.ReceiveAsync();
            error.GetProperty("type").GetString().Should().Be("error", frame);
            error.GetRawText().Should().NotContain(canary, frame);
        }
    }

    [Fact]
    [Trait("failure", "Q14")]
    public void The_first_refusal_of_each_kind_is_one_line_and_the_others_are_counted_in_the_next()
    {
        var (clock, lines) = (new FakeTimeProvider(), new LogLines(""));
        using var factory = LoggerFactory.Create(logs => logs.AddProvider(lines));
        using var services = new ServiceCollection().AddMetrics().AddSingleton<ChatMetrics>().BuildServiceProvider();
        var refusals = new Refusals(services.GetRequiredService<ChatMetrics>(), clock, factory.CreateLogger<Refusals>());

        for (var i = 0; i < 1000; i++)
        {
            refusals.Request(401, RefusalReason.NoToken);
        }

        refusals.Request(503, RefusalReason.AtCapacity);
        clock.Advance(TimeSpan.FromSeconds(10));
        refusals.Request(401, RefusalReason.NoToken);

        lines.All.Should().Equal(
            "Information: A request is refused with 401: no_token. 0 more since the last such line",
            "Information: A request is refused with 503: at_capacity. 0 more since the last such line",
            "Information: A request is refused with 401: no_token. 999 more since the last such line");
    }

    [Fact]
    [Trait("failure", "Q14")]
    public async Task Nothing_but_the_counted_line_tells_of_a_credential_that_fails()
    {
        var lines = new LogLines("ChatBackend.");
        await using var server = new ChatServer(services => services.AddSingleton(_ => LoggerFactory.Create(logging => logging.AddProvider(lines))));

        for (var i = 0; i < 5; i++)
        {
            (await StatusAsync(server, "/api/threads", ("Authorization", "Bearer wrong"))).Should().Be(HttpStatusCode.Unauthorized);
            (await StatusAsync(server, "/api/threads", ("Cookie", "chat_session=wrong"))).Should().Be(HttpStatusCode.Unauthorized);
        }

        lines.All.Should().Contain(line => line.StartsWith("Information: A request is refused with 401: invalid_token", StringComparison.Ordinal));
        lines.All.Should().NotContain(line => line.Contains("authenticated", StringComparison.Ordinal), "the framework writes one for each");
    }

    private static async Task<HttpStatusCode> StatusAsync(ChatServer server, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var handler = new HttpClientHandler { UseCookies = false };
        using var http = new HttpClient(handler) { BaseAddress = server.Http.BaseAddress };
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken).Soon();
        return response.StatusCode;
    }
}
