using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Anthropic;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace ChatBackend.Tests.Agents.Anthropic;

/// <summary>Anthropic's Messages API, played from its public documentation.</summary>
public sealed class AnthropicModelTests
{
    private const string Key = "sk-ant-secret-key-1";

    private static readonly string[] Thinking =
    [
        """{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me"}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":" see"}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQBCg=="}}""",
        """{"type":"content_block_stop","index":0}""",
    ];

    private static readonly string[] Text =
    [
        """{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}""",
        """{"type":"ping"}""",
        """{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hel"}}""",
        """{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"lo"}}""",
        """{"type":"content_block_stop","index":1}""",
    ];

    private static readonly string[] Call =
    [
        """{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"clock","input":{}}}""",
        """{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}""",
        """{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"place\":"}}""",
        """{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\"UTC\"}"}}""",
        """{"type":"content_block_stop","index":1}""",
    ];

    private static string Begin { get; } =
        """{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":1,"cache_read_input_tokens":5,"cache_creation_input_tokens":0}}}""";

    [Fact]
    public async Task Thinking_with_its_signature_text_counts_and_the_end_are_read()
    {
        await using var server = await PlayingAsync([Begin, .. Thinking, .. Text, .. End("end_turn")]);

        var updates = await Connect(server).AskAsync();

        updates.Text().Should().Be("Hello");
        updates.Pieces().Where(piece => piece.Length > 0).Should().Equal("Hel", "lo");
        var thought = updates.ToChatResponse().Messages.SelectMany(message => message.Contents).OfType<TextReasoningContent>().Single();
        (thought.Text, thought.ProtectedData).Should().Be(("Let me see", "EqQBCg=="));
        updates.SelectMany(update => update.Contents).OfType<UsageContent>().Sum(counted => counted.Details.OutputTokenCount).Should().Be(7);
        updates.Should().Contain(update => update.FinishReason == ChatFinishReason.Stop);
    }

    [Fact]
    public async Task A_call_and_its_thinking_go_back_as_they_came_and_the_past_is_marked_for_the_cache()
    {
        await using var server = await ModelServer.StartAsync((context, body) => SendAsync(
            context, body.GetRawText().Contains("tool_result", StringComparison.Ordinal) ? [Begin, .. Text, .. End("end_turn")] : [Begin, .. Thinking, .. Call, .. End("tool_use")]));
        using var model = Connect(server);
        List<ChatMessage> conversation = [new(ChatRole.System, "Be kind."), new(ChatRole.User, "What time is it?")];
        var tools = new ChatOptions { Tools = [AIFunctionFactory.Create((string place) => place, "clock")] };

        var first = (await model.StepAsync(conversation, TestContext.Current.CancellationToken, tools)).ToChatResponse();
        first.FinishReason.Should().Be(ChatFinishReason.ToolCalls);
        conversation.AddRange([.. first.Messages, new ChatMessage(ChatRole.Tool, [new FunctionResultContent("toolu_1", "noon")])]);
        (await model.StepAsync(conversation, TestContext.Current.CancellationToken, tools)).Text().Should().Be("Hello");

        var body = server.Requests[1].Body;
        var answered = body.GetProperty("messages")[1].GetProperty("content");
        (answered[0].GetProperty("thinking").GetString(), answered[0].GetProperty("signature").GetString()).Should().Be(("Let me see", "EqQBCg=="));
        (answered[1].GetProperty("id").GetString(), answered[1].GetProperty("input").GetProperty("place").GetString()).Should().Be(("toolu_1", "UTC"));
        var result = body.GetProperty("messages")[2].GetProperty("content")[0];
        (result.GetProperty("tool_use_id").GetString(), result.GetProperty("cache_control").GetProperty("type").GetString()).Should().Be(("toolu_1", "ephemeral"));
        body.GetProperty("system")[0].GetProperty("cache_control").GetProperty("type").GetString().Should().Be("ephemeral");
        conversation.SelectMany(message => message.Contents).Should().OnlyContain(content => content.AdditionalProperties == null, "runs share messages");
    }

    [Theory]
    [InlineData("max_tokens", "length")]
    [InlineData("refusal", "refusal")]
    [InlineData("stop_sequence", "stop")]
    public async Task An_end_says_how_it_was(string reason, string finish)
    {
        await using var server = await PlayingAsync([Begin, .. Text, .. End(reason)]);
        (await Connect(server).AskAsync()).Last(update => update.FinishReason is not null).FinishReason!.Value.Value.Should().Be(finish);
    }

    [Theory]
    [InlineData(400, """{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}""", "ContextTooLong", 1)]
    [InlineData(400, """{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API."}}""", "Misconfigured", 1)]
    [InlineData(400, """{"type":"error","error":{"type":"invalid_request_error","message":"messages: roles must alternate"}}""", "Rejected", 1)]
    [InlineData(401, """{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key sk-ant-secret-key-1"}}""", "Misconfigured", 1)]
    [InlineData(404, """{"type":"error","error":{"type":"not_found_error","message":"model: claude"}}""", "Misconfigured", 1)]
    [InlineData(413, "too large", "ContextTooLong", 1)]
    [InlineData(429, """{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}""", "RateLimited", 3)]
    [InlineData(500, "", "Unavailable", 3)]
    [InlineData(529, """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", "Unavailable", 3)]
    [InlineData(302, "", "Misconfigured", 1)]
    public async Task A_refusal_is_classified_named_and_repeated_where_that_may_help(int status, string body, string kind, int requests)
    {
        await using var server = await ModelServer.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync(body, context.RequestAborted);
        });

        var failure = await Connect(server).FailureAsync();

        failure.Kind.ToString().Should().Be(kind);
        failure.ToString().Should().Contain($"{status}").And.NotContain(Key);
        server.Requests.Should().HaveCount(requests);
    }

    [Theory]
    [InlineData("""{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", "Unavailable")]
    [InlineData("""{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}""", "RateLimited")]
    [InlineData("{nonsense}", "Unavailable")]
    [InlineData("""{"type":"message_start"}""", "Unavailable")]
    public async Task An_error_inside_of_an_answer_is_classified(string data, string kind)
    {
        await using var server = await ModelServer.StartAsync(async context =>
        {
            await SendAsync(context, [Begin, .. Text[..3]]);
            await context.Response.WriteAsync($"event: {(data.Contains("error", StringComparison.Ordinal) ? "error" : "message_delta")}\ndata: {data}\n\n", context.RequestAborted);
        });

        (await Connect(server).FailureAsync()).Kind.ToString().Should().Be(kind);
        server.Requests.Should().ContainSingle("its text is on screens already");
    }

    [Fact]
    [Trait("failure", "M8")]
    public async Task A_line_without_end_is_bounded()
    {
        await using var server = await ModelServer.StartAsync(async context =>
        {
            await context.Response.WriteAsync("event: content_block_delta\ndata: {\"type\":\"", context.RequestAborted);
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.WriteAsync(new string('a', 100_000), context.RequestAborted);
            }
        });

        (await Connect(server).FailureAsync()).Message.Should().Contain("bytes in one line");
    }

    [Fact]
    public async Task A_stream_that_is_cut_has_no_end()
    {
        await using var server = await PlayingAsync([Begin, .. Text[..3]]);
        (await Connect(server).AskAsync()).Should().OnlyContain(update => update.FinishReason == null);
    }

    [Fact]
    public async Task Settings_stand_under_the_names_of_this_API()
    {
        var headers = new Dictionary<string, string>();
        await using var server = await ModelServer.StartAsync(context =>
        {
            headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
            return SendAsync(context, [Begin, .. Text, .. End("end_turn")]);
        });
        using var model = AnthropicModel.Connect(
            new ModelEndpointOptions
            {
                Name = "a", Endpoint = server.Endpoint + "/messages", Model = "claude", MaxTokens = 9000, Temperature = 1, Stop = ["END"], ReasoningEffort = "medium", ToolChoice = "clock",
                ParallelToolCalls = false, ExtraBody = """{"metadata":{"user_id":"u"}}""", Headers = { ["anthropic-beta"] = "x-1" }, Omit = ["temperature"],
            },
            Key, TimeProvider.System);

        await model.StepAsync([new(ChatRole.User, "Hi")], TestContext.Current.CancellationToken, new ChatOptions { Tools = [AIFunctionFactory.Create(() => 1, "clock")] });

        var (path, _, body) = server.Requests.Single();
        (path, headers["x-api-key"], headers["anthropic-beta"], headers.ContainsKey("Authorization")).Should().Be(("/v1/messages", Key, "x-1", false));
        body.TryGetProperty("temperature", out _).Should().BeFalse();
        string.Join(' ', new[] { "model", "max_tokens", "stop_sequences", "thinking", "tool_choice", "metadata", "stream" }.Select(name => body.GetProperty(name).GetRawText())).Should().Be(
            "\"claude\" 9000 [\"END\"] {\"type\":\"adaptive\"} {\"disable_parallel_tool_use\":true,\"type\":\"tool\",\"name\":\"clock\"} {\"user_id\":\"u\"} true");
    }

    [Fact]
    [Trait("failure", "P2")]
    public Task An_agent_of_configuration_thinks_calls_its_tool_and_a_stop_ends_the_request() => ToolAndStop.PlayAsync(
        "anthropic", "tool_result",
        context => SendAsync(context, [Begin, .. Thinking, .. Call, .. End("tool_use")]), context => SendAsync(context, [Begin, .. Text[..3]]));

    private static string[] End(string reason) =>
    [
        $$$"""{"type":"message_delta","delta":{"stop_reason":"{{{reason}}}","stop_sequence":null},"usage":{"output_tokens":7,"input_tokens":9,"cache_read_input_tokens":5,"cache_creation_input_tokens":0}}""",
        """{"type":"message_stop"}""",
    ];

    private static async Task SendAsync(HttpContext context, string[] events)
    {
        context.Response.ContentType = "text/event-stream";
        foreach (var data in events)
        {
            using var json = JsonDocument.Parse(data);
            await context.Response.WriteAsync($"event: {json.RootElement.GetProperty("type").GetString()}\ndata: {data}\n\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    private static Task<ModelServer> PlayingAsync(string[] events) => ModelServer.StartAsync(context => SendAsync(context, events));

    /// <summary>As an agent of configuration has it, with what is around every provider.</summary>
    private static IChatClient Connect(ModelServer server)
    {
        var options = new ModelEndpointOptions { Name = "a", Endpoint = server.Endpoint, Model = "claude" };
        var clock = new InstantWaits();
        return ModelProviders.Guard(AnthropicModel.Connect(options, Key, clock), options, Key, clock);
    }
}
