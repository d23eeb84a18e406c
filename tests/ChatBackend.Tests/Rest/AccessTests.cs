using System.Net;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Rest;

/// <summary>Who may ask, and that every refusal is a problem that says why.</summary>
public sealed class AccessTests
{
    [Theory]
    [Trait("failure", "C9")]
    [InlineData("GET", "/api/threads")]
    [InlineData("POST", "/api/threads")]
    [InlineData("GET", "/api/threads/thr_x")]
    [InlineData("PATCH", "/api/threads/thr_x")]
    [InlineData("DELETE", "/api/threads/thr_x")]
    [InlineData("GET", "/api/threads/thr_x/events")]
    [InlineData("GET", "/api/threads/thr_x/export")]
    [InlineData("GET", "/api/agents")]
    [InlineData("POST", "/api/tickets")]
    public async Task Nobody_is_let_in_without_a_token_or_from_a_foreign_page(string method, string path)
    {
        await using var server = new ChatServer();
        var guest = await server.GuestAsync();

        await RefusedAsync(server, method, path, 401);
        await RefusedAsync(server, method, $"{path}?token={guest.Token}&access_token={guest.Token}", 401);
        await RefusedAsync(server, method, path, 401, ("Authorization", "Bearer nonsense"));
        await RefusedAsync(server, method, path, 401, ("Authorization", "Bearer nonsense"), ("Cookie", $"chat_session={guest.Token}"), ("Origin", Own(server)));
        await RefusedAsync(server, method, path, 403, ("Authorization", $"Bearer {guest.Token}"), ("Origin", "https://evil.example"));
        await RefusedAsync(server, method, path, 403, ("Cookie", $"chat_session={guest.Token}"), ("Origin", "null"));
        await RefusedAsync(server, method, path, 403, ("Cookie", $"chat_session={guest.Token}"), ("Sec-Fetch-Site", "cross-site"));
        await RefusedAsync(server, method, path, 403, ("Cookie", $"chat_session={guest.Token}"), ("Sec-Fetch-Site", "same-site"));
    }

    [Fact]
    public async Task The_cookie_counts_for_pages_of_this_server_and_does_not_change_anything_without_saying_from_where()
    {
        await using var server = new ChatServer();
        var cookie = ("Cookie", $"chat_session={(await server.GuestAsync()).Token}");

        (await StatusAsync(server, "GET", "/api/threads", cookie)).Should().Be(HttpStatusCode.OK);
        (await StatusAsync(server, "GET", "/api/threads", cookie, ("Sec-Fetch-Site", "same-origin"))).Should().Be(HttpStatusCode.OK);
        (await StatusAsync(server, "POST", "/api/threads", cookie, ("Origin", Own(server)))).Should().Be(HttpStatusCode.Created);
        await RefusedAsync(server, "POST", "/api/threads", 403, cookie);
    }

    [Fact]
    public async Task A_session_that_is_over_is_over_here_too()
    {
        await using var server = new ChatServer();
        var rest = await server.RestAsync();
        server.Clock.Shift += TimeSpan.FromDays(40);

        await rest.ProblemAsync(HttpMethod.Get, "/api/threads", 401);
    }

    [Fact]
    public async Task With_the_store_away_every_answer_is_503_with_a_time_to_wait()
    {
        await using var server = new ChatServer();
        var rest = await server.RestAsync();
        var thread = await rest.CreateAsync("Kept");
        var (file, aside) = (Path.Combine(server.DataDirectory, "chat.db"), Path.Combine(server.DataDirectory, "aside.db"));

        File.Move(file, aside);
        foreach (var (method, path) in new[]
        {
            (HttpMethod.Get, "/api/threads"), (HttpMethod.Post, "/api/threads"), (HttpMethod.Get, $"/api/threads/{thread}"),
            (HttpMethod.Get, $"/api/threads/{thread}/events"), (HttpMethod.Get, $"/api/threads/{thread}/export"), (HttpMethod.Delete, $"/api/threads/{thread}"),
        })
        {
            using var response = await rest.SendAsync(method, path);
            await RestClient.ProblemOfAsync(response, 503);
            response.Headers.RetryAfter!.Delta.Should().BePositive();
        }

        File.Move(aside, file);
        (await rest.GetAsync($"/api/threads/{thread}")).GetProperty("title").GetString().Should().Be("Kept");
    }

    [Fact]
    public async Task The_agents_are_those_that_the_connection_names()
    {
        await using var server = new ChatServer();

        (await (await server.RestAsync()).GetAsync("/api/agents")).GetRawText().Should().Be("""{"agents":[{"name":"demo"},{"name":"script"}]}""");
    }

    [Theory]
    [InlineData("GET", "/api/nothing", 404)]
    [InlineData("PUT", "/api/threads", 405)]
    public async Task What_is_not_there_is_a_problem_too(string method, string path, int status)
    {
        await using var server = new ChatServer();

        await (await server.RestAsync()).ProblemAsync(new HttpMethod(method), path, status);
    }

    private static string Own(ChatServer server) => server.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);

    private static async Task RefusedAsync(ChatServer server, string method, string path, int status, params (string Name, string Value)[] headers)
    {
        using var response = await SendAsync(server, method, path, headers);
        await RestClient.ProblemOfAsync(response, status);
    }

    private static async Task<HttpStatusCode> StatusAsync(ChatServer server, string method, string path, params (string Name, string Value)[] headers)
    {
        using var response = await SendAsync(server, method, path, headers);
        return response.StatusCode;
    }

    private static async Task<HttpResponseMessage> SendAsync(ChatServer server, string method, string path, (string Name, string Value)[] headers)
    {
        using var handler = new HttpClientHandler { UseCookies = false };
        using var http = new HttpClient(handler) { BaseAddress = server.Http.BaseAddress };
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await http.SendAsync(request, TestContext.Current.CancellationToken).Soon();
    }
}
