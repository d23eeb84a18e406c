using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Agents.Completions;
using ChatBackend.Agents.Endpoints;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace ChatBackend.Tests.Agents.Completions;

/// <summary>What OpenAI-compatible servers send in place of what the API's description says, and how it reads. Each is reported of a real server.</summary>
public sealed class ReadingTests
{
    private const string Done = "data: [DONE]\n\n";

    public static TheoryData<string, string, string> Texts => new()
    {
        { "an end without a blank line", Content("\"hi\"") + Finish("stop").TrimEnd('\n'), "hi" },
        { "carriage returns", (Content("\"hi\"") + Finish("stop") + Done).Replace("\n", "\r\n", StringComparison.Ordinal), "hi" },
        { "no space after data", (Content("\"hi\"") + Finish("stop") + Done).Replace("data: ", "data:", StringComparison.Ordinal), "hi" },
        { "comments and empty data between", ": ping\n\ndata:\n\ndata: \n\nevent: message\nid: 1\nretry: 5\n" + Content("\"hi\"") + ":\n\n" + Finish("stop") + Done, "hi" },
        { "JSON lines without data", Content("\"hi\"")[6..] + Finish("stop")[6..], "hi" },
        { "an object over several lines", "data: {\"choices\":[{\"delta\":\ndata: {\"content\":\"hi\"}}]}\n\n" + Finish("stop") + Done, "hi" },
        { "half a character in each of two pieces", Content("\"A\\ud83d\"") + Content("\"\\ude00B\"") + Finish("stop") + Done, "A\ud83d\ude00B" },
        { "half a character that stays alone", Content("\"A\\ud83d\"") + Content("\"B\"") + Finish("stop") + Done, "A\ufffdB" },
        { "half a character at the end", Content("\"A\\ud83d\"") + Finish("stop") + Done, "A\ufffd" },
        { "escapes beside half a character", Content("\"\\\"\\\\\\/\\n\\t\\u0041\\ud83d\"") + Content("\"\\ude00\"") + Finish("stop") + Done, "\"\\/\n\tA\ud83d\ude00" },
        { "content in parts", Content("[{\"type\":\"text\",\"text\":\"hi\"}]") + Finish("stop") + Done, "hi" },
        { "a finish that only it knows", Content("\"hi\"") + Finish("eos") + Done, "hi" },
        { "no finish, but done", Content("\"hi\"") + Done, "hi" },
        { "numbers that are text or fractions", Event("""{"id":null,"created":"1700000000.25","choices":[{"index":"0","delta":{"role":"","content":"hi"}}]}""") + Finish("stop") + Done, "hi" },
        { "members that are null", Event("""{"choices":null}""") + Event("""{"choices":[{"delta":null}]}""") + Content("\"hi\"") + Finish("stop") + Done, "hi" },
        { "roles of their own", Event("""{"choices":[{"delta":{"role":"model","content":"hi"}}]}""") + Finish("stop") + Done, "hi" },
        { "a trailing comma", Event("""{"choices":[{"delta":{"content":"hi",}}]}""") + Finish("stop") + Done, "hi" },
        { "the legacy member text", Event("""{"choices":[{"text":"hi"}]}""") + Finish("stop") + Done, "hi" },
        { "another choice beside the first", Event("""{"choices":[{"index":0,"delta":{"content":"hi"}},{"index":1,"delta":{"content":"no"}}]}""") + Finish("stop") + Done, "hi" },
        { "thinking in tags", Content("\"<think>\\nLet me\"") + Content("\" see</think>\\n\\nhi\"") + Finish("stop") + Done, "hi" },
        { "tags in pieces", Content("\"<th\"") + Content("\"ink>Let me see</th\"") + Content("\"ink>\"") + Content("\"\\n\"") + Content("\"hi\"") + Finish("stop") + Done, "hi" },
        { "a tag in the middle of a text", Content("\"Use <think> there\"") + Finish("stop") + Done, "Use <think> there" },
        { "what only begins as a tag", Content("\"<thi\"") + Content("\"s>\"") + Finish("stop") + Done, "<this>" },
        { "half a tag at the end", Content("\"<thi\"") + Finish("stop") + Done, "<thi" },
    };

    [Trait("failure", "M6")]
    [Theory]
    [MemberData(nameof(Texts), DisableDiscoveryEnumeration = true)]
    public async Task Text_is_read_as_it_was_meant(string what, string sent, string text)
    {
        var updates = await ReadAsync(sent);

        updates.Text().Should().Be(text, what);
        updates[^1].FinishReason.Should().Be(ChatFinishReason.Stop, what);
    }

    [Trait("failure", "M6")]
    [Theory]
    [InlineData("""{"choices":[{"delta":{"reasoning_content":"Let me see"}}]}""")]
    [InlineData("""{"choices":[{"delta":{"reasoning":"Let me see"}}]}""")]
    [InlineData("""{"choices":[{"delta":{"thinking":"Let me see","content":""}}]}""")]
    [InlineData("""{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Let me see"}]}]}}]}""")]
    [InlineData("""{"choices":[{"delta":{"content":[{"type":"thinking","thinking":"Let me see"}]}}]}""")]
    [InlineData("""{"choices":[{"delta":{"content":"<think>Let me see</think>"}}]}""")]
    public async Task Thinking_is_told_from_text(string chunk)
    {
        var updates = await ReadAsync(Event(chunk) + Content("\"hi\"") + Finish("stop") + Done);

        string.Concat(updates.SelectMany(update => update.Contents).OfType<TextReasoningContent>().Select(thought => thought.Text)).Should().Be("Let me see");
        updates.Text().Should().Be("hi");
    }

    [Theory]
    [InlineData("length", "length")]
    [InlineData("max_tokens", "length")]
    [InlineData("content_filter", "content_filter")]
    [InlineData("SAFETY", "content_filter")]
    [InlineData("stop", "stop")]
    [InlineData("end_turn", "stop")]
    public async Task An_end_says_how_it_was(string sent, string finish) =>
        (await ReadAsync(Content("\"hi\"") + Finish(sent) + Done))[^1].FinishReason!.Value.Value.Should().Be(finish);

    [Fact]
    public async Task A_refusal_has_its_words()
    {
        var updates = await ReadAsync(Event("""{"choices":[{"delta":{"content":null,"refusal":"I cannot "}}]}""") + Event("""{"choices":[{"delta":{"refusal":"help with that."}}]}""") + Finish("stop") + Done);
        string.Concat(updates.SelectMany(update => update.Contents).OfType<ErrorContent>().Select(refusal => refusal.Message)).Should().Be("I cannot help with that.");
    }

    [Trait("failure", "M10")]
    [Fact]
    public async Task Running_totals_are_counted_once()
    {
        var updates = await ReadAsync(
            Event("""{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":7,"completion_tokens":1}}""")
            + Event("""{"choices":[{"delta":{"content":"b"}}],"usage":{"prompt_tokens":7,"completion_tokens":2}}""")
            + Event("""{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":5},"completion_tokens_details":{"reasoning_tokens":null}}}""")
            + Event("""{"choices":[],"usage":null}""") + Done);

        var counted = updates.SelectMany(update => update.Contents).OfType<UsageContent>().Select(usage => usage.Details).ToList();
        (counted.Sum(usage => usage.InputTokenCount), counted.Sum(usage => usage.OutputTokenCount), counted.Sum(usage => usage.CachedInputTokenCount)).Should().Be((7, 3, 5));
        counted.Should().OnlyContain(usage => usage.ReasoningTokenCount == null);
    }

    public static TheoryData<string, string, string> Calls => new()
    {
        {
            "two calls in two chunks, both numbered 0",
            Event("""{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"one","arguments":"{\"x\":1}"}}]}}]}""")
                + Event("""{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"b","function":{"name":"two","arguments":"{\"y\":2}"}}]}}]}"""),
            """a one {"x":1} | b two {"y":2}"""
        },
        {
            "two calls in one chunk, both numbered 0",
            Event("""{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"one","arguments":"{}"}},{"index":0,"id":"b","function":{"name":"one","arguments":"{\"y\":2}"}}]}}]}"""),
            """a one {} | b one {"y":2}"""
        },
        {
            "calls without a number",
            Event("""{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"one","arguments":"{\"x\""}}]}}]}""")
                + Event("""{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":":1}"}}]}}]}""")
                + Event("""{"choices":[{"delta":{"tool_calls":[{"id":"b","function":{"name":"one","arguments":"{}"}}]}}]}"""),
            """a one {"x":1} | b one {}"""
        },
        {
            "calls without ids, told apart by their names",
            Event("""{"choices":[{"delta":{"tool_calls":[{"function":{"name":"one","arguments":"{}"}}]}}]}""")
                + Event("""{"choices":[{"delta":{"tool_calls":[{"function":{"name":"two","arguments":"{}"}}]}}]}"""),
            "* one {} | * two {}"
        },
        { "arguments as an object", Event("""{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"one","arguments":{"x":1}}}]}}]}"""), """a one {"x":1}""" },
        { "arguments that are empty", Event("""{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"one","arguments":""}}]}}]}"""), "a one {}" },
        { "arguments that are absent", Event("""{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"one"}}]}}]}"""), "a one {}" },
        { "an id and a name repeated with each piece",
            Event("""{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"one","arguments":"{\"x\""}}]}}]}""")
                + Event("""{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"one","arguments":":1}"}}]}}]}"""),
            """a one {"x":1}"""
        },
        { "the legacy member function_call",
            Event("""{"choices":[{"delta":{"function_call":{"name":"one","arguments":"{\"x\""}}}]}""") + Event("""{"choices":[{"delta":{"function_call":{"arguments":":1}"}},"finish_reason":"function_call"}]}"""),
            """* one {"x":1}"""
        },
        { "a whole message in place of pieces", Event("""{"choices":[{"message":{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"one","arguments":"{}"}}]}}]}"""), "a one {}" },
    };

    [Trait("failure", "M3")]
    [Theory]
    [MemberData(nameof(Calls), DisableDiscoveryEnumeration = true)]
    public async Task Calls_are_told_apart_and_put_together(string what, string sent, string calls)
    {
        var updates = await ReadAsync(sent + Done);

        var read = updates.SelectMany(update => update.Contents).OfType<FunctionCallContent>().ToList();
        string.Join(" | ", read.Select(call => $"{(call.CallId.StartsWith("call_", StringComparison.Ordinal) ? "*" : call.CallId)} {call.Name} {JsonSerializer.Serialize(call.Arguments)}"))
            .Should().Be(calls, what);
        read.Select(call => call.CallId).Should().OnlyHaveUniqueItems();
        updates[^1].FinishReason.Should().Be(ChatFinishReason.ToolCalls, what);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/event-stream")]
    [InlineData(null)]
    public async Task An_answer_in_one_piece_is_an_answer(string? contentType)
    {
        const string Answer = """
            {
              "object": "chat.completion",
              "choices": [ { "message": { "role": "assistant", "content": "hi" }, "finish_reason": "stop" } ],
              "usage": { "prompt_tokens": 7, "completion_tokens": 3 }
            }
            """;
        var updates = await ReadAsync(Answer, contentType);

        updates.Text().Should().Be("hi");
        updates[^1].FinishReason.Should().Be(ChatFinishReason.Stop);
    }

    [Trait("failure", "M5")]
    [Theory]
    [InlineData("data: {\"error\":{\"message\":\"queue is full\",\"code\":429}}\n\n", "RateLimited", "queue is full")]
    [InlineData("data: {\"error\":\"slot is gone\"}\n\n", "Unavailable", "slot is gone")]
    [InlineData("error: {\"message\":\"slot is gone\"}\n\n", "Unavailable", "slot is gone")]
    [InlineData("data: {\"choices\":[{\"finish_reason\":\"error\",\"error\":{\"message\":\"provider went away\",\"code\":502}}]}\n\n", "Unavailable", "provider went away")]
    [InlineData("data: {\"object\":\"error\",\"message\":\"only 4096 tokens: maximum context length\",\"code\":400}\n\n", "ContextTooLong", "only 4096")]
    [InlineData("{\"error\":{\"message\":\"no such deployment\",\"code\":\"model_not_found\"}}", "Misconfigured", "no such deployment")]
    [InlineData("<html><body>Welcome to the portal</body></html>", "Misconfigured", "Welcome to the portal")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":\"half", "Unavailable", "no JSON")]
    [InlineData("data: {nonsense}\n\n", "Unavailable", "no JSON")]
    public async Task What_is_no_answer_is_named_and_classified(string sent, string kind, string says)
    {
        var failure = await FailureAsync(sent);

        failure.Kind.ToString().Should().Be(kind);
        failure.Message.Should().Contain(says);
    }

    [Trait("failure", "M8")]
    [Fact]
    public async Task A_line_without_end_is_bounded()
    {
        await using var server = await ModelServer.StartAsync(async context =>
        {
            var piece = new byte[64 * 1024];
            Array.Fill(piece, (byte)'a');
            await context.Response.WriteAsync("data: {\"choices\":[{\"delta\":{\"content\":\"", context.RequestAborted);
            for (var i = 0; i < 4 * ChunkReader.MaxLineBytes / piece.Length; i++)
            {
                await context.Response.Body.WriteAsync(piece, context.RequestAborted);
            }
        });

        (await Client(server).FailureAsync()).Message.Should().Contain("bytes");
    }

    [Fact]
    public async Task What_a_provider_wants_back_may_come_in_very_many_pieces()
    {
        var piece = Event("""{"choices":[{"delta":{"reasoning_details":[{"type":"reasoning.text","text":" so","format":"anthropic-claude-v1","index":0,"id":null,"signature":null}]}}]}""");

        var updates = await ReadAsync(string.Concat(Enumerable.Repeat(piece, 20_000)) + Content("\"hi\"") + Finish("stop") + Done);

        var kept = updates.SelectMany(update => update.Contents).OfType<TextReasoningContent>().Single();
        ProviderData.Of(kept, "reasoning_details")!.Value[0].GetProperty("text").GetString().Should().HaveLength(60_000);
    }

    [Fact]
    [Trait("failure", "M8")]
    public async Task An_answer_that_comes_byte_by_byte_is_read()
    {
        await using var server = await ModelServer.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            foreach (var one in System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Content("\"hi\""), 10)) + Done))
            {
                await context.Response.Body.WriteAsync(new[] { one }, context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        });

        (await Client(server).AskAsync()).Text().Should().Be(string.Concat(Enumerable.Repeat("hi", 10)));
    }

    [Theory]
    [InlineData("data: ", "\n")]
    [InlineData("", "")]
    [Trait("failure", "M8")]
    public async Task An_object_over_thousands_of_lines_is_parsed_once(string before, string after)
    {
        var padding = string.Concat(Enumerable.Repeat($"{before}  \"a\": [ 1, 2, 3, 4, 5, 6, 7, 8 ],\n", 20_000));

        var updates = await ReadAsync($$"""{{before}}{""" + $"\n{padding}{before}\"choices\":[{{\"delta\":{{\"content\":\"hi\"}},\"finish_reason\":\"stop\"}}]}}\n{after}");

        updates.Text().Should().Be("hi");
    }

    [Trait("failure", "M8")]
    [Fact]
    public async Task Arguments_without_end_are_bounded()
    {
        var piece = Event($$$"""{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"arguments":"{{{new string('a', 100_000)}}}"}}]}}]}""");
        (await FailureAsync(string.Concat(Enumerable.Repeat(piece, 12)))).Message.Should().Contain("calls");
    }

    private static string Event(string json) => $"data: {json}\n\n";

    private static string Content(string content) => Event($$"""{"choices":[{"index":0,"delta":{"content":{{content}}},"finish_reason":null}]}""");

    private static string Finish(string reason) => Event($$"""{"choices":[{"index":0,"delta":{},"finish_reason":"{{reason}}"}]}""");

    private static async Task<List<ChatResponseUpdate>> ReadAsync(string sent, string? contentType = "text/event-stream")
    {
        await using var server = await ServerOf(sent, contentType);
        return await Client(server).AskAsync();
    }

    private static async Task<ModelException> FailureAsync(string sent)
    {
        await using var server = await ServerOf(sent, "text/event-stream");
        return await Client(server).FailureAsync();
    }

    private static Task<ModelServer> ServerOf(string sent, string? contentType) => ModelServer.StartAsync(async context =>
    {
        context.Response.ContentType = contentType;
        await context.Response.WriteAsync(sent, context.RequestAborted);
    });

    private static IChatClient Client(ModelServer server) =>
        CompletionsClient.Connect(new ModelEndpointOptions { Name = "small", Endpoint = server.Endpoint, Model = "small" }, key: null, new InstantWaits());
}
