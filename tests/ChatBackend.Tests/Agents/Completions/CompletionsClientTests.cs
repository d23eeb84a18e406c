using System.Diagnostics;
using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Agents.Completions;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using static ChatBackend.Tests.Agents.ModelServer;

namespace ChatBackend.Tests.Agents.Completions;

public sealed class CompletionsClientTests
{
    private const string Usage = """{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}""";

    private static readonly string[] Whole =
        [Chunk("""{"role":"assistant","content":""}"""), Text("Hel"), Chunk("{}"), Text("lo"), Chunk("{}", "\"stop\""), Usage, "[DONE]"];

    private readonly InstantWaits _clock = new();

    [Fact]
    public async Task Text_streams_with_its_usage_and_the_reason_it_ended()
    {
        await using var server = await StartAsync(context => SendAsync(context, Whole));

        var updates = await RequestApprovalAsync(server, key: "sk-secret");

        updates.Text().Should().Be("Hello");
        updates.Pieces().Where(piece => piece.Length > 0).Should().Equal("Hel", "lo");
        updates[^1].FinishReason.Should().Be(ChatFinishReason.Stop);
        updates.SelectMany(update => update.Contents).OfType<UsageContent>().Single().Details
            .Should().BeEquivalentTo(new { InputTokenCount = 7, OutputTokenCount = 3 });
        var (path, sent, body) = server.Requests.Single();
        path.Should().Be("/v1/chat/completions");
        sent!.ToString().Should().Be("Bearer sk-secret");
        body.GetProperty("model").GetString().Should().Be("small");
        body.GetProperty("stream").GetBoolean().Should().BeTrue();
        body.GetProperty("messages")[0].GetProperty("content").ToString().Should().Contain("Hi");
    }

    [Fact]
    public async Task Without_a_key_none_is_sent()
    {
        await using var server = await StartAsync(context => SendAsync(context, Whole));
        await RequestApprovalAsync(server);
        server.Requests.Single().Key.Should().BeNull();
    }

    [Fact]
    public async Task A_tools_arguments_that_come_in_pieces_are_joined_and_its_schema_was_sent()
    {
        await using var server = await StartAsync(context => SendAsync(
            context,
            Chunk("""{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"clock","arguments":""}}]}"""),
            Chunk("""{"tool_calls":[{"index":0,"function":{"arguments":"{\"pla"}}]}"""),
            Chunk("{}"),
            Chunk("""{"tool_calls":[{"index":0,"function":{"arguments":"ce\":\"To"}}]}"""),
            Chunk("""{"tool_calls":[{"index":0,"function":{"arguments":"kyo\"}"}}]}"""),
            Chunk("{}", "\"tool_calls\""), Usage, "[DONE]"));

        var clock = AIFunctionFactory.Create((string place) => place, "clock");
        var updates = await RequestApprovalAsync(server, options: new ChatOptions { Tools = [clock] });

        var call = updates.Call()!;
        (call.CallId, call.Name).Should().Be(("call_1", "clock"));
        JsonSerializer.Serialize(call.Arguments).Should().Be("""{"place":"Tokyo"}""");
        updates.Should().Contain(update => update.FinishReason == ChatFinishReason.ToolCalls);
        var function = server.Requests.Single().Body.GetProperty("tools")[0].GetProperty("function");
        function.GetProperty("name").GetString().Should().Be("clock");
        function.GetProperty("parameters").GetProperty("properties").EnumerateObject().Single().Name.Should().Be("place");
    }

    [Fact]
    public async Task Arguments_that_are_not_JSON_are_marked_and_do_not_end_the_stream()
    {
        await using var server = await StartAsync(context => SendAsync(
            context,
            Chunk("""{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"clock","arguments":"{\"pla"}}]}"""),
            Chunk("{}", "\"tool_calls\""), "[DONE]"));

        (await RequestApprovalAsync(server)).Call()!.Exception.Should().NotBeNull();
    }

    [Fact]
    public async Task Reasoning_streams_apart_from_the_text()
    {
        await using var server = await StartAsync(context => SendAsync(
            context, Chunk("""{"reasoning_content":"Hm."}"""), Text("Hello"), Chunk("{}", "\"stop\""), "[DONE]"));

        var updates = await RequestApprovalAsync(server);
        updates.SelectMany(update => update.Contents).OfType<TextReasoningContent>().Single().Text.Should().Be("Hm.");
        updates.Text().Should().Be("Hello");
    }

    [Theory]
    [InlineData(429, "1", RunFailure.ModelRateLimited, true, 3)]
    [InlineData(429, "3600", RunFailure.ModelRateLimited, true, 1)] // nobody waits an hour for an answer
    [InlineData(500, null, RunFailure.ModelUnavailable, true, 3)]
    [InlineData(503, null, RunFailure.ModelUnavailable, true, 3)]
    [InlineData(400, null, RunFailure.ModelRejected, false, 1)]
    [InlineData(401, null, RunFailure.ModelRejected, false, 1)]
    public async Task A_refusal_is_classified_after_at_most_two_retries(int status, string? retryAfter, RunFailure code, bool retryable, int requests)
    {
        await using var server = await StartAsync(async context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = retryAfter;
            await context.Response.WriteAsync("""{"error":{"message":"secret of the provider","type":"t","code":"c"}}""", context.RequestAborted);
        });

        var failure = await FailureAsync(server);

        (failure.Code, failure.Retryable).Should().Be((code, retryable));
        failure.Message.Should().NotBeEmpty().And.NotContain("secret");
        server.Requests.Should().HaveCount(requests);
        _clock.Waits.Should().HaveCount(requests - 1);
        var shortest = TimeSpan.FromSeconds(retryAfter == null ? 0.5 : 1);
        _clock.Waits.Should().NotContain(wait => wait < shortest || wait > TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task An_endpoint_that_recovers_is_asked_again()
    {
        var asked = 0;
        await using var server = await StartAsync(context =>
        {
            if (Interlocked.Increment(ref asked) == 1)
            {
                context.Response.StatusCode = 503;
                return Task.CompletedTask;
            }

            return SendAsync(context, Whole);
        });

        (await RequestApprovalAsync(server)).Text().Should().Be("Hello");
    }

    [Fact]
    public async Task A_stream_that_is_cut_is_unavailable_and_is_not_asked_for_again()
    {
        var said = Signal();
        await using var server = await StartAsync(async context =>
        {
            await SendAsync(context, Text("Hel"));
            await said.Task;
            context.Abort();
        });

        await using var stream = Connect(server).GetStreamingResponseAsync("Hi", cancellationToken: TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        (await stream.MoveNextAsync()).Should().BeTrue();
        stream.Current.Text.Should().Be("Hel");
        said.SetResult();

        var cut = await FluentActions.Awaiting(() => stream.MoveNextAsync().AsTask()).Should().ThrowAsync<Exception>();
        ModelFailure.Classify(cut.Which).Code.Should().Be(RunFailure.ModelUnavailable);
        server.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task A_stream_that_ends_cleanly_but_too_early_has_no_reason_for_its_end()
    {
        await using var server = await StartAsync(context => SendAsync(context, Text("Hel")));

        var updates = await RequestApprovalAsync(server);
        updates.Text().Should().Be("Hel");
        updates.Should().OnlyContain(update => update.FinishReason == null);
    }

    [Theory]
    [InlineData("{\"choices\":[{\"delta\":")]
    [InlineData("{nonsense}")]
    [InlineData("{\"error\":\"gone\"}")]
    public async Task What_is_not_a_chat_completion_is_the_endpoints_fault(string data)
    {
        await using var server = await StartAsync(context => SendAsync(context, Text("Hel"), data));
        (await FailureAsync(server)).Code.Should().Be(RunFailure.ModelUnavailable);
    }

    [Fact]
    public async Task An_endpoint_that_is_not_there_is_unavailable()
    {
        var server = await StartAsync(context => Task.CompletedTask);
        var model = Connect(server);
        await server.DisposeAsync();

        (await FailureAsync(model)).Code.Should().Be(RunFailure.ModelUnavailable);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_endpoint_that_stays_silent_is_given_up_once(bool inTheMiddle)
    {
        await using var server = await StartAsync(context => HangAsync(context, inTheMiddle, Signal(), Signal()));

        var model = CompletionsClient.Connect(
            new ModelEndpointOptions { Name = "small", Endpoint = server.Endpoint, Model = "small", Timeout = TimeSpan.FromMilliseconds(300) }, key: null, TimeProvider.System);

        (await FailureAsync(model)).Code.Should().Be(RunFailure.ModelUnavailable);

        // Under load the time may be over before the request has arrived.
        server.Requests.Should().HaveCountLessThan(2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("failure", "P2")]
    public async Task A_cancelled_run_ends_the_providers_request(bool inTheMiddle)
    {
        var (hangs, aborted) = (Signal(), Signal());
        await using var server = await StartAsync(context => HangAsync(context, inTheMiddle, hangs, aborted));
        using var run = new CancellationTokenSource();

        var answer = Connect(server).StepAsync([new(ChatRole.User, "Hi")], run.Token);
        await hangs.Task.Soon();
        await run.CancelAsync();

        await FluentActions.Awaiting(() => answer).Should().ThrowAsync<OperationCanceledException>();
        await aborted.Task.Soon();
        server.Requests.Should().ContainSingle();
    }

    [Fact]
    [Trait("failure", "P2")]
    public async Task A_run_that_is_cancelled_between_the_headers_and_the_first_word_ends_the_providers_request()
    {
        var aborted = Signal();
        await using var server = await StartAsync(context => HangAsync(context, inTheMiddle: true, Signal(), aborted));
        using var run = new CancellationTokenSource();
        var port = new Uri(server.Endpoint).Port;
        // HTTP's activity stops with the response's headers, before anybody can read on.
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "System.Net.Http",
            Sample = (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity => (port.Equals(activity.GetTagItem("server.port")) ? run : null)?.Cancel(),
        };
        ActivitySource.AddActivityListener(listener);

        await FluentActions.Awaiting(() => Connect(server).StepAsync([new(ChatRole.User, "Hi")], run.Token)).Should().ThrowAsync<OperationCanceledException>();
        await aborted.Task.Soon();
    }

    [Fact]
    public async Task An_answer_that_is_read_no_further_ends_the_providers_request()
    {
        var aborted = Signal();
        await using var server = await StartAsync(context => HangAsync(context, inTheMiddle: true, Signal(), aborted));

        await foreach (var update in Connect(server).GetStreamingResponseAsync("Hi", cancellationToken: TestContext.Current.CancellationToken))
        {
            break; // a run whose budget is spent
        }

        await aborted.Task.Soon();
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static async Task HangAsync(HttpContext context, bool inTheMiddle, TaskCompletionSource hangs, TaskCompletionSource aborted)
    {
        if (inTheMiddle)
        {
            await SendAsync(context, Text("Hel"));
        }

        context.RequestAborted.Register(aborted.SetResult);
        hangs.SetResult();
        await aborted.Task;
    }

    private IChatClient Connect(ModelServer server, string? key = null) => CompletionsClient.Connect(
        new ModelEndpointOptions { Name = "small", Endpoint = server.Endpoint, Model = "small", Timeout = TimeSpan.FromSeconds(30) }, key, _clock);

    private Task<List<ChatResponseUpdate>> RequestApprovalAsync(ModelServer server, string? key = null, ChatOptions? options = null) =>
        Connect(server, key).StepAsync([new(ChatRole.User, "Hi")], TestContext.Current.CancellationToken, options);

    private Task<ModelFailure> FailureAsync(ModelServer server) => FailureAsync(Connect(server));

    private static async Task<ModelFailure> FailureAsync(IChatClient model)
    {
        // FluentAssertions would take an AggregateException apart.
        var thrown = await Record.ExceptionAsync(() => model.StepAsync([new(ChatRole.User, "Hi")], TestContext.Current.CancellationToken));
        return ModelFailure.Classify(thrown ?? throw new InvalidOperationException("The model answered."));
    }
}
