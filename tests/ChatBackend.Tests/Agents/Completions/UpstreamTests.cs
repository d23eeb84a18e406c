using System.Text;
using System.Text.Json;
using ChatBackend.Protocol;
using Microsoft.AspNetCore.Http;

namespace ChatBackend.Tests.Agents.Completions;

/// <summary>
/// Behaviours of upstreams that nobody has reported, in the kinds of those that were, each through a chat over the socket. Whatever comes, the run ends once, with a code that says
/// whose fault it is, and no secret is in anything that is told or logged.
/// </summary>
public sealed class UpstreamTests(UpstreamChat chat) : IClassFixture<UpstreamChat>
{
    private const string Stop = """{"choices":[{"delta":{},"finish_reason":"stop"}]}""";

    /// <summary>What, what the server sends as events, and how the run ends: what it says, or the code of its failure.</summary>
    public static TheoryData<string, string, string> Streams => new()
    {
        // Kind 6: details that can be read past.
        { "a byte order mark", "\uFEFF" + Data(Say("hi"), Stop), "hi" },
        { "only carriage returns and line feeds in twos", Data(Say("hi"), Stop).Replace("\n\n", "\r\n\r\n", StringComparison.Ordinal), "hi" },
        { "an event name before each chunk", "event: chunk\n" + Data(Say("hi")) + "event: chunk\n" + Data(Stop), "hi" },
        { "keep-alive events of another kind", "event: ping\ndata: {\"type\":\"ping\"}\n\n" + Data(Say("hi"), Stop), "hi" },
        { "keep-alives without data, hundreds", string.Concat(Enumerable.Repeat(": keep-alive\n\n", 500)) + Data(Say("hi"), Stop), "hi" },
        { "white space around the object", "data:    " + Say("hi") + "   \n\n" + Data(Stop), "hi" },
        { "a tabulator before the object", "data:\t" + Say("hi") + "\n\n" + Data(Stop), "hi" },
        { "done in other letters", Data(Say("hi")) + "data: [done]\n\n", "hi" },
        { "done in quotes", Data(Say("hi")) + "data: \"[DONE]\"\n\n", "hi" },
        { "something after done", Data(Say("hi"), Stop, "[DONE]") + "data: {nonsense\n\n", "hi" },
        { "the same finish twice", Data(Say("hi"), Stop, Stop, "[DONE]"), "hi" },
        { "text in the chunk of the finish", Data("""{"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}"""), "hi" },
        { "text after the finish", Data(Say("h"), Stop, Say("i"), "[DONE]"), "hi" },
        { "an array of chunks in one event", Data($"[{Say("h")},{Say("i")},{Stop}]"), "hi" },
        { "choices as an object", Data("""{"choices":{"delta":{"content":"hi"},"finish_reason":"stop"}}"""), "hi" },
        { "an empty finish reason until the last chunk", Data("""{"choices":[{"delta":{"content":"hi"},"finish_reason":""}]}""", Stop), "hi" },
        { "a finish reason that is a number", Data(Say("hi"), """{"choices":[{"delta":{},"finish_reason":1}]}"""), "hi" },
        { "a finish reason that is an object", Data(Say("hi"), """{"choices":[{"delta":{},"finish_reason":{"type":"stop"}}]}""", "[DONE]"), "hi" },
        { "content that is a number", Data("""{"choices":[{"delta":{"content":42}}]}""", Stop), "42" },
        { "content that is an object with a text", Data("""{"choices":[{"delta":{"content":{"type":"text","text":"hi"}}}]}""", Stop), "hi" },
        { "parts of which one is not known", Data("""{"choices":[{"delta":{"content":[{"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":"hi"}]}}]}""", Stop), "hi" },
        { "parts that are texts", Data("""{"choices":[{"delta":{"content":["h","i"]}}]}""", Stop), "hi" },
        { "a member twice", Data("""{"choices":[{"delta":{"content":"no"}}],"choices":[{"delta":{"content":"hi"}}]}""", Stop), "hi" },
        { "comments in the object", Data("""{"choices":[/* first */{"delta":{"content":"hi"}}]}""", Stop), "hi" },
        { "control characters, escaped", Data("""{"choices":[{"delta":{"content":"h\u0000\u0007i"}}]}""", Stop), "h\0\ai" },
        { "a usage that is no object", Data(Say("hi"), """{"choices":[],"usage":"none"}""", Stop), "hi" },
        { "a usage of negative and huge counts", Data(Say("hi"), """{"choices":[],"usage":{"prompt_tokens":-1,"completion_tokens":1e40}}""", Stop), "hi" },
        { "chunks of null, true and numbers", Data("null", "true", "7", Say("hi"), Stop), "hi" },
        { "a chunk that is a text", Data("\"hello\"", Say("hi"), Stop), "hi" },
        { "a deep object beside the choices", Data("{\"x\":" + new string('[', 50) + new string(']', 50) + ",\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}", Stop), "hi" },
        { "thousands of empty deltas", Data([.. Enumerable.Repeat("""{"choices":[{"delta":{"content":""}}]}""", 3000), Say("hi"), Stop]), "hi" },
        { "a message where a delta is wanted, streamed", Data("""{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}"""), "hi" },
        { "a model that thinks only in tags that are never closed, then ends", Data(Say("<think>hm"), Stop), "" },
        { "two thoughts in tags", Data(Say("<think>a</think>hi"), Stop), "hi" },
        { "tags in capital letters, which are text", Data(Say("<THINK>hi"), Stop), "<THINK>hi" },

        // Kind 1: ends that are no whole answer.
        { "an end before the first word", ": nothing\n\n", "model_unavailable" },
        { "nothing at all", "", "model_unavailable" },
        { "an end without a finish", Data(Say("half")), "model_unavailable" },
        { "a finish of error", Data(Say("half"), """{"choices":[{"delta":{},"finish_reason":"error"}]}"""), "model_unavailable" },
        { "an end in the middle of a character", "data: {\"choices\":[{\"delta\":{\"content\":\"h\u00e9", "model_unavailable" },

        // Kind 5: errors inside of a stream, of every shape.
        { "an error event with a text", "event: error\ndata: the model went away\n\n", "model_unavailable" },
        { "an error of a number", Data("""{"error":500}"""), "model_unavailable" },
        { "an error of true", Data("""{"error":true,"message":"rate limit reached"}"""), "model_rate_limited" },
        { "an error that is nested twice", Data("""{"error":{"error":{"message":"too many requests","code":"rate_limit_exceeded"}}}"""), "model_rate_limited" },
        { "a list of errors", Data("""{"errors":[{"message":"Rate limit exceeded"}]}"""), "model_rate_limited" },
        { "a detail", Data("""{"detail":"The model small does not exist"}"""), "model_rejected" },
        { "a status in place of a code", Data("""{"error":{"status":"RESOURCE_EXHAUSTED","message":"quota"}}"""), "model_rate_limited" },
        { "a problem of RFC 9457", Data("""{"type":"about:blank","title":"Too Many Requests","status":429}"""), "model_rate_limited" },
        { "an error after half of the answer", Data(Say("half"), """{"error":{"message":"overloaded","code":529}}"""), "model_unavailable" },
        { "context too long, in a stream", Data("""{"error":{"message":"input is too long for this model"}}"""), "model_rejected" },
        { "a content filter's error, in a stream", Data("""{"error":{"code":"content_filter","message":"The response was filtered"}}"""), "model_rejected" },
        { "an account without money, in a stream", Data("""{"error":{"message":"Your credit balance is too low"}}"""), "model_rejected" },
        { "JSON that breaks off", "data: {\"choices\":[{\"delta\":{\"content\":\"half\"", "model_unavailable" },
        { "a page in place of an answer", "<!doctype html><title>Sign in</title>", "model_rejected" },
        { "a sentence in place of an answer", "upstream connect error or disconnect/reset before headers", "model_rejected" },

        // Kind 8: sizes.
        { "a line of 2 MB", Data(Say(new string('x', 2_000_000))), "model_unavailable" },
        { "arguments of 2 MB in pieces", Data([.. Enumerable.Range(0, 40).Select(i => Call(0, i == 0 ? "a" : null, i == 0 ? "clock" : null, new string('x', 50_000)))]), "model_unavailable" },
        { "40 MB in small events without a word", string.Concat(Enumerable.Repeat(": " + new string('x', 40_000) + "\n\n", 1000)), "model_unavailable" },
        { "a JSON object of 2 MB over many lines", "{\n" + string.Concat(Enumerable.Repeat("\"a\":\"" + new string('x', 1000) + "\",\n", 2000)), "model_unavailable" },
    };

    /// <summary>Kinds 3 and 9: calls of the clock, however they are written. The next request is answered with "ok".</summary>
    public static TheoryData<string, string, int> Calls => new()
    {
        { "no type, no index, arguments of null", Data("""{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"clock","arguments":null}}]}}]}""", "[DONE]"), 1 },
        { "a call that is no list", Data("""{"choices":[{"delta":{"tool_calls":{"id":"a","function":{"name":"clock","arguments":"{}"}}}}]}""", "[DONE]"), 1 },
        { "a call without its function", Data("""{"choices":[{"delta":{"tool_calls":[{"id":"a","name":"clock","arguments":"{}"}]}}]}""", "[DONE]"), 1 },
        { "arguments in quotes twice", Data(Call(0, "a", "clock", "\\\"{}\\\""), "[DONE]"), 1 },
        { "an id that is a number", Data("""{"choices":[{"delta":{"tool_calls":[{"index":0,"id":7,"function":{"name":"clock","arguments":"{}"}}]}}]}""", "[DONE]"), 1 },
        { "three calls without index and id in one chunk", Data("""{"choices":[{"delta":{"tool_calls":[{"function":{"name":"clock","arguments":"{}"}},{"function":{"name":"clock","arguments":"{}"}},{"function":{"name":"clock","arguments":"{}"}}]}}]}""", "[DONE]"), 3 },
        { "two calls with one id", Data("""{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"clock","arguments":"{}"}},{"index":1,"id":"a","function":{"name":"clock","arguments":"{}"}}]}}]}""", "[DONE]"), 2 },
        { "indexes that begin at 5", Data(Call(5, "a", "clock", "{}"), Call(6, "b", "clock", "{}"), "[DONE]"), 2 },
        { "pieces of two calls in turn", Data(Call(0, "a", "clock", "{"), Call(1, "b", "clock", "{"), Call(0, null, null, "}"), Call(1, null, null, "}"), "[DONE]"), 2 },
        { "a finish of stop with a call", Data(Call(0, "a", "clock", "{}"), Stop), 1 },
        { "a finish by the name of another API", Data(Call(0, "a", "clock", "{}"), """{"choices":[{"delta":{},"finish_reason":"tool_use"}]}"""), 1 },
        { "an empty list of calls beside the text of others", Data("""{"choices":[{"delta":{"content":"","tool_calls":[]}}]}""", Call(0, "a", "clock", "{}"), "[DONE]"), 1 },
        { "a name that comes after the arguments", Data(Call(0, "a", null, "{}"), Call(0, null, "clock", ""), "[DONE]"), 1 },
    };

    [Trait("failure", "M1")]
    [Trait("failure", "M5")]
    [Trait("failure", "M6")]
    [Trait("failure", "M8")]
    [Theory]
    [MemberData(nameof(Streams), DisableDiscoveryEnumeration = true)]
    public async Task Whatever_is_streamed_the_run_ends_as_it_should(string what, string sent, string end)
    {
        chat.Answer = (context, _) => SendAsync(context, sent);

        var ended = await chat.RunAsync();

        (ended is AgentFailed failed ? JsonNamingPolicy.SnakeCaseLower.ConvertName($"{failed.Code}") : ((AgentCompleted)ended).Content).Should().Be(end, what);
        chat.ShouldHoldNoSecret();
    }

    [Trait("failure", "M3")]
    [Theory]
    [MemberData(nameof(Calls), DisableDiscoveryEnumeration = true)]
    public async Task However_calls_are_written_each_is_made_once(string what, string sent, int calls)
    {
        chat.Answer = (context, body) => SendAsync(context, body.Contains("\"role\":\"tool\"", StringComparison.Ordinal) ? Data(Say("ok"), Stop) : sent);

        (await chat.RunAsync()).Should().BeOfType<AgentCompleted>(what).Which.Content.Should().Be("ok", what);

        chat.Calls.Should().HaveCount(calls, what).And.OnlyContain(call => call.Tool == "clock", what);
        chat.Calls.Select(call => call.CallId).Should().OnlyHaveUniqueItems();
    }

    [Trait("failure", "M7")]
    [Theory]
    [InlineData(401, "text/plain", "wrong key KEY")]
    [InlineData(400, "application/json", """{"error":{"message":"Authorization: Bearer KEY, X-Org: HEADER"}}""")]
    [InlineData(400, "application/json", """{"error":{"message":"bad request","code":"KEY","type":"HEADER"}}""")]
    [InlineData(500, "application/json", """{"detail":[{"msg":"KEY","input":{"headers":{"x-org":"HEADER"}}}]}""")]
    [InlineData(418, "text/html; charset=KEY", "<html>KEY</html>")]
    [InlineData(404, "application/json", """{"KEY":"HEADER"}""")]
    [InlineData(429, "application/json", """["KEY",{"a":"HEADER"}]""")]
    [InlineData(200, "text/html", "<html>KEY</html>")]
    [InlineData(200, "text/event-stream", "data: {\"error\":{\"message\":\"KEY\",\"code\":\"HEADER\"}}\n\n")]
    [InlineData(200, "text/event-stream", "error: {\"message\":\"KEY HEADER\"}\n\n")]
    [InlineData(200, "text/event-stream", "data: {KEY}\n\n")]
    [InlineData(200, "text/event-stream", "data: {\"choices\":[{\"finish_reason\":\"error\",\"error\":\"KEY\"}]}\n\n")]
    [InlineData(200, "text/event-stream", "data: {\"choices\":[{\"delta\":{\"content\":\"Your key is KEY and HEADER.\"},\"finish_reason\":\"stop\"}]}\n\n")]
    [InlineData(200, "text/event-stream", "data: {\"choices\":[{\"delta\":{\"content\":\"Your key is sk-sec\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"ret-key-123456, you see\"},\"finish_reason\":\"stop\"}]}\n\n")]
    [InlineData(200, "text/event-stream", "data: {\"choices\":[{\"delta\":{\"reasoning\":\"The key is KEY\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\n")]
    [InlineData(200, "text/event-stream", "data: {\"choices\":[{\"delta\":{\"refusal\":\"Not with KEY\"},\"finish_reason\":\"stop\"}]}\n\n")]
    [InlineData(200, "text/event-stream", "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":\"KEY\",\"function\":{\"name\":\"KEY\",\"arguments\":\"{\\\"place\\\":\\\"HEADER\\\"}\"}}]}}]}\n\ndata: [DONE]\n\n")]
    [InlineData(302, "text/plain", "")]
    public async Task A_secret_that_an_upstream_repeats_is_in_no_event_and_in_no_line_of_the_log(int status, string contentType, string body)
    {
        static string Planted(string text) => text.Replace("KEY", UpstreamChat.Key, StringComparison.Ordinal).Replace("HEADER", UpstreamChat.Header, StringComparison.Ordinal);
        chat.Answer = (context, asked) =>
        {
            if (asked.Contains("\"role\":\"tool\"", StringComparison.Ordinal))
            {
                return SendAsync(context, Data(Say("ok"), Stop));
            }

            context.Response.StatusCode = status;
            context.Response.ContentType = Planted(contentType);
            context.Response.Headers["X-Request-Id"] = UpstreamChat.Key;
            context.Response.Headers.Location = $"https://models.example/{UpstreamChat.Key}?key={UpstreamChat.Key}";
            return context.Response.WriteAsync(Planted(body), context.RequestAborted);
        };

        await chat.RunAsync();

        chat.ShouldHoldNoSecret();
    }

    private static string Data(params string[] events) => string.Concat(events.Select(data => $"data: {data}\n\n"));

    private static string Say(string text) => "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + text + "\"},\"finish_reason\":null}]}";

    private static string Call(int index, string? id, string? name, string arguments) =>
        $"{{\"choices\":[{{\"delta\":{{\"tool_calls\":[{{\"index\":{index},{(id is null ? "" : $"\"id\":\"{id}\",")}"
        + $"\"function\":{{{(name is null ? "" : $"\"name\":\"{name}\",")}\"arguments\":\"{arguments}\"}}}}]}}}}]}}";

    private static async Task SendAsync(HttpContext context, string events)
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(events), context.RequestAborted);
    }
}
