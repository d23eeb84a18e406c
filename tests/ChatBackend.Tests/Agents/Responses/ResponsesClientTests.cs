using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Agents.Responses;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace ChatBackend.Tests.Agents.Responses;

/// <summary>OpenAI's Responses API, played from its public documentation.</summary>
public sealed class ResponsesClientTests
{
    private const string Created = """{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","status":"in_progress","output":[]}}""";

    private const string Reasoning =
        """{"id":"rs_1","type":"reasoning","encrypted_content":"gAAAA","summary":[{"type":"summary_text","text":"Let me see"}]}""";

    private static readonly string[] Thinking =
    [
        """{"type":"response.output_item.added","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}}""",
        """{"type":"response.reasoning_summary_part.added","item_id":"rs_1","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""}}""",
        """{"type":"response.reasoning_summary_text.delta","item_id":"rs_1","output_index":0,"summary_index":0,"delta":"Let me"}""",
        """{"type":"response.reasoning_summary_text.delta","item_id":"rs_1","output_index":0,"summary_index":0,"delta":" see"}""",
        $$"""{"type":"response.output_item.done","output_index":0,"item":{{Reasoning}}}""",
    ];

    private static readonly string[] Answer =
    [
        """{"type":"response.output_item.added","output_index":1,"item":{"id":"msg_1","type":"message","role":"assistant","content":[]}}""",
        """{"type":"response.output_text.delta","item_id":"msg_1","output_index":1,"content_index":0,"delta":"Hel"}""",
        """{"type":"response.output_text.delta","item_id":"msg_1","output_index":1,"content_index":0,"delta":"lo"}""",
        """{"type":"response.output_text.done","item_id":"msg_1","output_index":1,"content_index":0,"text":"Hello"}""",
        """{"type":"response.output_item.done","output_index":1,"item":{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello"}]}}""",
    ];

    private static readonly string[] Call =
    [
        """{"type":"response.output_item.added","output_index":1,"item":{"id":"fc_1","type":"function_call","call_id":"call_1","name":"clock","arguments":""}}""",
        """{"type":"response.function_call_arguments.delta","item_id":"fc_1","output_index":1,"delta":"{\"place\":"}""",
        """{"type":"response.function_call_arguments.done","item_id":"fc_1","output_index":1,"arguments":"{\"place\":\"Tokyo\"}"}""",
        """{"type":"response.output_item.done","output_index":1,"item":{"id":"fc_1","type":"function_call","call_id":"call_1","name":"clock","arguments":"{\"place\":\"Tokyo\"}"}}""",
    ];

    [Fact]
    public async Task Thinking_text_counts_and_the_end_are_read()
    {
        await using var server = await PlayingAsync([Created, .. Thinking, .. Answer, Completed("[]")]);

        var updates = await Connect(server).AskAsync();

        updates.Text().Should().Be("Hello");
        updates.Pieces().Where(piece => piece.Length > 0).Should().Equal("Hel", "lo");
        var thoughts = updates.SelectMany(update => update.Contents).OfType<TextReasoningContent>().ToList();
        string.Concat(thoughts.Select(thought => thought.Text)).Should().Be("Let me see");
        thoughts[^1].ProtectedData.Should().Be(Reasoning);
        updates.SelectMany(update => update.Contents).OfType<UsageContent>().Single().Details
            .Should().BeEquivalentTo(new { InputTokenCount = 9, OutputTokenCount = 4, CachedInputTokenCount = 2, ReasoningTokenCount = 1 });
        updates[^1].FinishReason.Should().Be(ChatFinishReason.Stop);
    }

    [Fact]
    public async Task A_call_and_its_thinking_go_back_as_they_came()
    {
        await using var server = await ModelServer.StartAsync((context, body) => body.GetProperty("input").GetRawText().Contains("function_call_output", StringComparison.Ordinal)
            ? ModelServer.SendAsync(context, [Created, .. Answer, Completed("[]")])
            : ModelServer.SendAsync(context, [Created, .. Thinking, .. Call, Completed($"[{Reasoning}]")]));
        using var model = Connect(server);
        List<ChatMessage> conversation = [new(ChatRole.System, "Be kind."), new(ChatRole.User, "What time is it?")];
        var clock = AIFunctionFactory.Create((string place) => place, "clock");

        var first = (await model.StepAsync(conversation, TestContext.Current.CancellationToken, new ChatOptions { Tools = [clock] })).ToChatResponse();
        first.FinishReason.Should().Be(ChatFinishReason.ToolCalls);
        conversation.AddRange([.. first.Messages, new ChatMessage(ChatRole.Tool, [new FunctionResultContent("call_1", "noon")])]);
        (await model.StepAsync(conversation, TestContext.Current.CancellationToken, new ChatOptions { Tools = [clock] })).Text().Should().Be("Hello");

        var body = server.Requests[1].Body;
        body.GetProperty("input").GetRawText().Should().Be(
            """[{"role":"system","content":"Be kind."},{"role":"user","content":"What time is it?"},""" + Reasoning
            + """,{"type":"function_call","call_id":"call_1","name":"clock","arguments":"{\"place\":\"Tokyo\"}"},{"type":"function_call_output","call_id":"call_1","output":"noon"}]""");
        (body.GetProperty("store").GetBoolean(), body.GetProperty("include")[0].GetString()).Should().Be((false, "reasoning.encrypted_content"));
        body.GetProperty("tools")[0].GetProperty("name").GetString().Should().Be("clock");
        body.GetRawText().Should().StartWith(server.Requests[0].Body.GetRawText()[..80], "the past is the same bytes");
    }

    [Theory]
    [InlineData("""{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[]}}""", "length")]
    [InlineData("""{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"content_filter"},"output":[]}}""", "content_filter")]
    [InlineData("""{"type":"response.completed","response":{"status":"completed","output":[]}}""", "stop")]
    public async Task An_end_says_how_it_was(string end, string finish)
    {
        await using var server = await PlayingAsync([.. Answer, end]);
        (await Connect(server).AskAsync())[^1].FinishReason!.Value.Value.Should().Be(finish);
    }

    [Fact]
    public async Task A_refusal_has_its_words()
    {
        await using var server = await PlayingAsync(["""{"type":"response.refusal.delta","output_index":0,"delta":"I cannot."}""", Completed("""[{"type":"message","content":[{"type":"refusal","refusal":"I cannot."}]}]""")]);

        var updates = await Connect(server).AskAsync();

        updates.SelectMany(update => update.Contents).OfType<ErrorContent>().Single().Message.Should().Be("I cannot.");
        updates[^1].FinishReason!.Value.Value.Should().Be("refusal");
    }

    [Fact]
    public async Task An_answer_in_one_piece_is_an_answer()
    {
        await using var server = await ModelServer.StartAsync(context => context.Response.WriteAsync(
            $$"""{"id":"resp_1","object":"response","status":"completed","output":[{{Reasoning}},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello"}]}]}"""));

        (await Connect(server).AskAsync()).Text().Should().Be("Hello");
    }

    [Theory]
    [InlineData("""{"type":"error","code":"rate_limit_exceeded","message":"slow down","param":null}""", "RateLimited")]
    [InlineData("""{"type":"error","error":{"type":"server_error","code":"server_error","message":"sorry"}}""", "Unavailable")]
    [InlineData("""{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"sorry"}}}""", "Unavailable")]
    [InlineData("""{"type":"response.failed","response":{"status":"failed","error":{"code":"context_length_exceeded","message":"too long"}}}""", "ContextTooLong")]
    [InlineData("""{"type":"response.completed","response":{"status":"cancelled"}}""", "Unavailable")]
    [InlineData("""{nonsense}""", "Unavailable")]
    public async Task What_is_no_answer_is_classified(string end, string kind)
    {
        await using var server = await PlayingAsync([Created, end]);
        (await Connect(server).FailureAsync()).Kind.ToString().Should().Be(kind);
    }

    [Fact]
    public async Task A_stream_that_is_cut_has_no_end()
    {
        await using var server = await PlayingAsync([Created, .. Answer[..2]]);
        (await Connect(server).AskAsync()).Should().OnlyContain(update => update.FinishReason == null);
    }

    [Fact]
    public async Task A_model_that_does_not_think_is_not_asked_for_its_thinking()
    {
        await using var server = await ModelServer.StartAsync((context, body) =>
        {
            if (body.TryGetProperty("include", out _))
            {
                context.Response.StatusCode = 400;
                return context.Response.WriteAsync("""{"error":{"message":"Encrypted content is not supported with this model.","type":"invalid_request_error","param":"include","code":null}}""");
            }

            return ModelServer.SendAsync(context, [Created, .. Answer, Completed("[]")]);
        });

        (await Connect(server).AskAsync()).Text().Should().Be("Hello");
    }

    [Fact]
    public async Task Settings_stand_under_the_names_of_this_API()
    {
        await using var server = await PlayingAsync([.. Answer, Completed("[]")]);
        using var model = ResponsesClient.Connect(
            new ModelEndpointOptions
            {
                Name = "a", Endpoint = server.Endpoint, Model = "small", Provider = "openai-responses", MaxTokens = 500, ReasoningEffort = "low", Temperature = 0.5, Omit = ["store"],
                ExtraBody = """{"metadata":{"a":"b"}}""",
            },
            "sk-1", TimeProvider.System);

        await model.StepAsync([new(ChatRole.User, "Hi")], TestContext.Current.CancellationToken);

        var (path, key, body) = server.Requests.Single();
        (path, key!.Parameter).Should().Be(("/v1/responses", "sk-1"));
        JsonSerializer.Serialize(body.EnumerateObject().Where(member => member.Name is not "input").ToDictionary(member => member.Name, member => member.Value)).Should().Be(
            """{"model":"small","stream":true,"include":["reasoning.encrypted_content"],"temperature":0.5,"max_output_tokens":500,"reasoning":{"effort":"low","summary":"auto"},"metadata":{"a":"b"}}""");
    }

    [Fact]
    [Trait("failure", "P2")]
    public Task A_run_is_answered_with_a_tool_and_a_stop_ends_the_request() => ToolAndStop.PlayAsync(
        "openai-responses", "function_call_output",
        context => ModelServer.SendAsync(context, [Created, .. Call, Completed("[]")]), context => ModelServer.SendAsync(context, [Created, .. Answer[..2]]));

    private static string Completed(string output) =>
        $$$$"""{"type":"response.completed","response":{"id":"resp_1","object":"response","status":"completed","output":{{{{output}}}},"usage":{"input_tokens":9,"input_tokens_details":{"cached_tokens":2},"output_tokens":4,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":13}}}""";

    private static Task<ModelServer> PlayingAsync(string[] events) => ModelServer.StartAsync(context => ModelServer.SendAsync(context, events));

    private static IChatClient Connect(ModelServer server) =>
        ResponsesClient.Connect(new ModelEndpointOptions { Name = "a", Endpoint = server.Endpoint, Model = "small", Provider = "openai-responses", Retries = 0 }, null, new InstantWaits());
}
