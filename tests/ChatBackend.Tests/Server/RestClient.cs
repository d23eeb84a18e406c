using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;

namespace ChatBackend.Tests.Server;

/// <summary>HTTP with a guest's token.</summary>
internal sealed class RestClient(HttpClient http, GuestSession guest)
{
    public GuestSession Guest => guest;

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? json = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", guest.Token);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        return await http.SendAsync(request, TestContext.Current.CancellationToken).Soon();
    }

    public Task<JsonElement> GetAsync(string path) => JsonAsync(HttpMethod.Get, path);

    /// <summary>The body of an answer that has the status.</summary>
    public async Task<JsonElement> JsonAsync(HttpMethod method, string path, string? json = null, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var response = await SendAsync(method, path, json);
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        response.StatusCode.Should().Be(status, body);
        return body.Length == 0 ? default : JsonDocument.Parse(body).RootElement;
    }

    /// <summary>The problem that the request is refused with.</summary>
    public async Task<JsonElement> ProblemAsync(HttpMethod method, string path, int status, string? json = null)
    {
        using var response = await SendAsync(method, path, json);
        return await ProblemOfAsync(response, status);
    }

    public static async Task<JsonElement> ProblemOfAsync(HttpResponseMessage response, int status)
    {
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        ((int)response.StatusCode).Should().Be(status, body);
        response.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        var problem = JsonDocument.Parse(body).RootElement;
        problem.GetProperty("status").GetInt32().Should().Be(status);
        problem.GetProperty("detail").GetString().Should().NotBeNullOrWhiteSpace();
        return problem;
    }

    public async Task<ThreadId> CreateAsync(string? title = null)
    {
        var created = await JsonAsync(HttpMethod.Post, "/api/threads", title is null ? null : JsonSerializer.Serialize(new { title }), HttpStatusCode.Created);
        return new ThreadId(created.GetProperty("thread_id").GetString()!);
    }

    /// <summary>All pages of a list, one after the other.</summary>
    public async Task<List<JsonElement>> PagesAsync(string path, Func<int, Task>? between = null)
    {
        var pages = new List<JsonElement> { await GetAsync(path) };
        while (pages[^1].TryGetProperty("next_cursor", out var next))
        {
            await (between?.Invoke(pages.Count) ?? Task.CompletedTask);
            pages.Add(await GetAsync($"{path}&cursor={Uri.EscapeDataString(next.GetString()!)}"));
        }

        return pages;
    }
}
