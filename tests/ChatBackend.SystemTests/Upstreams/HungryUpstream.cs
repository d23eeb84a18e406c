using System.IO.Compression;
using System.Text;
using System.Text.Json;
using ChatBackend.Tests.Agents;
using Microsoft.AspNetCore.Http;

namespace ChatBackend.SystemTests.Upstreams;

/// <summary>A model server that sends without end what the last message names.</summary>
internal static class HungryUpstream
{
    private const int Piece = 64 * 1024;
    private static readonly string Filling = new('x', 128);

    /// <summary>By name: what comes first, and what then comes again and again.</summary>
    private static readonly Dictionary<string, (string First, string Then)> Streams = new()
    {
        ["line"] = ("data: {\"choices\":[{\"delta\":{\"content\":\"", Filling),
        ["lines of one object"] = ("{\n", "\"a\":[1],\n"),
        ["deltas"] = ("", Delta("\"content\":\"" + Filling + "\"")),
        ["tiny deltas"] = ("", Delta("\"content\":\"x\"")),
        ["deltas of 1 MB"] = ("", Delta("\"content\":\"" + new string('x', 1_000_000) + "\"")),
        ["deltas of 40,000 parts"] = ("", Delta("\"content\":[" + string.Join(',', Enumerable.Repeat("{\"text\":\"x\"}", 40_000)) + "]")),
        ["deltas without a word"] = ("", Delta("\"content\":\"\",\"" + Filling + "\":[]")),
        ["reasoning"] = ("", Delta("\"reasoning_content\":\"" + Filling + "\"")),
        ["refusals"] = ("", Delta("\"refusal\":\"" + Filling + "\"")),
        ["provider data"] = ("", Delta("\"extra_content\":{\"a\":\"" + new string('x', 500_000) + "\"}")),
        ["reasoning details"] = ("", Delta("\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"x\"}]")),
        ["arguments"] = ("", Call("0", "{\\\"a\\\":\\\"" + Filling)),
        ["arguments of 1 MB"] = ("", Call("0", new string('x', 1_000_000))),
        ["calls"] = ("", Call("null", "{}")),
        ["keep-alives"] = ("", ": keep-alive\n\n"),
        ["empty data"] = ("", "data:\n\n"),
        ["counts"] = ("", "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n"),
        ["half characters"] = ("", Delta("\"content\":\"\\ud83d\"")),
        ["an error in the stream"] = ("data: {\"error\":{\"message\":\"", Filling),
        ["nested arrays"] = ("data: ", "["),
        ["members"] = ("", "data: {" + string.Join(',', Enumerable.Range(0, 90_000).Select(i => $"\"{i}\":0")) + "}\n\n"),
        ["items of the Responses API"] = ("", string.Concat(Enumerable.Range(0, 1000).Select(i => "data: {\"type\":\"response.output_text.delta\",\"item_id\":\"" + Filling + i + "\"}\n\n"))),
        ["text of the Responses API"] = ("", "data: {\"type\":\"response.output_text.delta\",\"delta\":\"" + Filling + "\"}\n\n"),
        ["calls of the Responses API"] = ("", Item("{}")),
        ["arguments of the Responses API"] = ("", Item("{\\\"a\\\":\\\"" + new string('x', 100_000) + "\\\"}")),
        ["signatures of the Responses API"] = ("", "data: {\"type\":\"response.output_item.done\",\"item_id\":\"\",\"item\":{\"type\":\"reasoning\",\"encrypted_content\":\"" + new string('x', 500_000) + "\"}}\n\n"),
        ["a page"] = ("<html>\n", "<p>" + Filling + "</p>\n"),
    };

    /// <summary>What is not a stream.</summary>
    private static readonly Dictionary<string, Func<HttpContext, Task>> Others = new()
    {
        ["one JSON answer"] = context => RepeatAsync(context, "application/json", "{\"choices\":[{\"message\":{\"content\":\"", Filling),
        ["an error's body"] = context => RefuseAsync(context, StatusCodes.Status400BadRequest),
        ["an error's body, of a server that is down"] = context => RefuseAsync(context, StatusCodes.Status503ServiceUnavailable),
        ["a zipped line"] = context => ZipAsync(context, StatusCodes.Status200OK, "data: {\"choices\":[{\"delta\":{\"content\":\"", Filling),
        ["zipped deltas"] = context => ZipAsync(context, StatusCodes.Status200OK, "", Delta("\"content\":\"\"")),
        ["a zipped error"] = context => ZipAsync(context, StatusCodes.Status400BadRequest, "{\"error\":\"", Filling),
        ["bytes one by one"] = OneByOneAsync,
        ["headers"] = context => ManyHeadersAsync(context, 90, 700),
        ["tiny headers"] = context => ManyHeadersAsync(context, 6000, 1),
    };

    public static IEnumerable<string> All => [.. Streams.Keys, .. Others.Keys];

    public static Task AnswerAsync(HttpContext context, JsonElement asked)
    {
        var name = NameIn(asked);
        return Others.TryGetValue(name, out var other) ? other(context)
            : Streams.TryGetValue(name, out var stream) ? RepeatAsync(context, "text/event-stream", stream.First, stream.Then)
            : ModelServer.SendAsync(context, [.. Enumerable.Repeat(ModelServer.Text(Filling), 2000), ModelServer.Chunk("{}", "\"stop\""), "[DONE]"]);
    }

    private static string NameIn(JsonElement asked) =>
        asked.TryGetProperty("messages", out var messages) ? messages.EnumerateArray().Last().GetProperty("content").GetString()!
        : asked.GetProperty("input").EnumerateArray().Last().GetProperty("content") is { ValueKind: JsonValueKind.Array } parts ? parts[0].GetProperty("text").GetString()!
        : asked.GetProperty("input").EnumerateArray().Last().GetProperty("content").GetString()!;

    private static string Delta(string members) => "data: {\"choices\":[{\"delta\":{" + members + "}}]}\n\n";

    private static string Call(string index, string arguments) =>
        Delta("\"tool_calls\":[{\"index\":" + index + ",\"function\":{\"name\":\"clock\",\"arguments\":\"" + arguments + "\"}}]");

    private static string Item(string arguments) =>
        "data: {\"type\":\"response.output_item.done\",\"item\":{\"type\":\"function_call\",\"name\":\"clock\",\"arguments\":\"" + arguments + "\"}}\n\n";

    private static async Task RepeatAsync(HttpContext context, string contentType, string first, string then)
    {
        context.Response.ContentType = contentType;
        await RepeatAsync(context.Response.Body, first, then, context.RequestAborted);
    }

    private static async Task RepeatAsync(Stream body, string first, string then, CancellationToken aborted)
    {
        var piece = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(then, Math.Max(1, Piece / then.Length))));
        await body.WriteAsync(Encoding.UTF8.GetBytes(first), aborted);
        while (!aborted.IsCancellationRequested)
        {
            await body.WriteAsync(piece, aborted);
        }
    }

    private static Task RefuseAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return RepeatAsync(context, "application/json", "{\"error\":{\"message\":\"", Filling);
    }

    private static async Task ZipAsync(HttpContext context, int status, string first, string then)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.ContentEncoding = "gzip";
        await using var zip = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
        await RepeatAsync(zip, first, then, context.RequestAborted);
    }

    private static async Task OneByOneAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        foreach (var one in Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Delta("\"content\":\"x\""), 200))))
        {
            await context.Response.Body.WriteAsync(new[] { one }, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    private static Task ManyHeadersAsync(HttpContext context, int count, int length)
    {
        for (var i = 0; i < count; i++)
        {
            context.Response.Headers[$"X-{i}"] = new string('x', length);
        }

        return ModelServer.SendAsync(context, ModelServer.Text("hi"), ModelServer.Chunk("{}", "\"stop\""), "[DONE]");
    }
}
