using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Benchmarks.Servers;

/// <summary>
/// An OpenAI-compatible model whose every token says when it was made: 16 hexadecimal digits of <see cref="Stopwatch"/> ticks. So a delta that arrives at a
/// client tells how long it took from the model through the server. The message asks for them: <c>{count} {per second}</c>.
/// </summary>
internal sealed class ModelFeed : IAsyncDisposable
{
    public const int TokenLength = 16;

    private readonly WebApplication _app;

    private ModelFeed(WebApplication app) => _app = app;

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/v1");

    public static async Task<ModelFeed> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration["urls"] = "http://127.0.0.1:0";
        var app = builder.Build();
        app.MapPost("/v1/chat/completions", AnswerAsync);
        await app.StartAsync();
        return new ModelFeed(app);
    }

    public static string Ask(int count, int perSecond) => $"{count} {perSecond}";

    public static long MadeAt(ReadOnlySpan<byte> token) => long.Parse(token, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static async Task AnswerAsync(HttpContext http)
    {
        using var request = await JsonDocument.ParseAsync(http.Request.Body);
        var content = request.RootElement.GetProperty("messages").EnumerateArray().Last().GetProperty("content");
        var question = content.ValueKind == JsonValueKind.String ? content.GetString()! : content[0].GetProperty("text").GetString()!;
        var asked = question.Split(' ').Select(number => int.Parse(number, CultureInfo.InvariantCulture)).ToArray();
        http.Response.ContentType = "text/event-stream";
        await http.Response.StartAsync();
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < asked[0]; i++)
        {
            var due = TimeSpan.FromSeconds((double)i / asked[1]) - Stopwatch.GetElapsedTime(began);
            if (due > TimeSpan.Zero)
            {
                await Task.Delay(due, TimeProvider.System, http.RequestAborted);
            }

            await SendAsync(http, $$"""{"content":"{{Stopwatch.GetTimestamp():x16}}"}""", "null");
        }

        await SendAsync(http, "{}", "\"stop\"");
        await http.Response.WriteAsync("data: [DONE]\n\n");
    }

    private static async Task SendAsync(HttpContext http, string delta, string finish)
    {
        var chunk = $$"""data: {"id":"f","object":"chat.completion.chunk","created":1,"model":"feed","choices":[{"index":0,"delta":{{delta}},"finish_reason":{{finish}}}]}""";
        await http.Response.Body.WriteAsync(Encoding.ASCII.GetBytes(chunk + "\n\n"));
        await http.Response.Body.FlushAsync();
    }
}
