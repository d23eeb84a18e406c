using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Agents;

/// <summary>A real HTTP server at the place of a provider: answers every request with one delegate and keeps what was asked.</summary>
internal sealed class ModelServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ModelServer(WebApplication app) => _app = app;

    public string Endpoint => $"{_app.Urls.Single()}/v1";

    public List<(string Path, AuthenticationHeaderValue? Key, JsonElement Body)> Requests { get; } = [];

    public static Task<ModelServer> StartAsync(RequestDelegate answer) => StartAsync((context, _) => answer(context));

    /// <param name="answer">Is given what was asked.</param>
    public static async Task<ModelServer> StartAsync(Func<HttpContext, JsonElement, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new ModelServer(builder.Build());
        server._app.Run(async context =>
        {
            var body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body, cancellationToken: context.RequestAborted);
            var key = AuthenticationHeaderValue.TryParse(context.Request.Headers.Authorization, out var header) ? header : null;
            lock (server.Requests)
            {
                server.Requests.Add((context.Request.Path, key, body));
            }

            await answer(context, body);
        });
        await server._app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>Server-sent events, each on its way before the next.</summary>
    public static async Task SendAsync(HttpContext context, params string[] events)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = "text/event-stream";
        }

        foreach (var data in events)
        {
            await context.Response.WriteAsync($"data: {data}\n\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    public static async Task RefuseAsync(HttpContext context, int status, string contentType, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        await context.Response.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>A chunk as api.openai.com sends it.</summary>
    public static string Chunk(string delta, string finish = "null") =>
        $$"""{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{{delta}},"finish_reason":{{finish}}}]}""";

    public static string Text(string text) => Chunk($$"""{"content":"{{text}}"}""");

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
