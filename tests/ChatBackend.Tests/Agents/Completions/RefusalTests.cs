using System.IO.Compression;
using System.Net;
using System.Text;
using ChatBackend.Agents;
using ChatBackend.Agents.Completions;
using ChatBackend.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace ChatBackend.Tests.Agents.Completions;

/// <summary>What endpoints answer in place of a completion, in every shape: what it means, what people are told, what the operator reads, and what nobody may read.</summary>
public sealed class RefusalTests
{
    private const string Key = "sk-secret-key-123";
    private const string Secret = "my private question about money";
    private const string Answer = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

    private readonly InstantWaits _clock = new();

    public static TheoryData<int, string, string, RunFailure, bool, string> Bodies => new()
    {
        { 429, "application/json", """{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}""", RunFailure.ModelRateLimited, true, "slow down" },
        { 429, "application/json", """{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}""", RunFailure.ModelRejected, false, "quota" },
        { 402, "application/json", """{"error":{"message":"Insufficient Balance"}}""", RunFailure.ModelRejected, false, "Balance" },
        { 400, "application/json", """{"error":{"message":"This model's maximum context length is 8192 tokens","code":"context_length_exceeded"}}""", RunFailure.ModelRejected, false, "8192" },
        { 400, "application/json", """{"object":"error","message":"only 4096 tokens fit: reduce the length","code":400}""", RunFailure.ModelRejected, false, "only 4096" },
        { 404, "application/json", """{"error":"model 'small' not found, try pulling it first"}""", RunFailure.ModelRejected, false, "try pulling it" },
        { 403, "text/plain", "Host not in allow list", RunFailure.ModelRejected, false, "allow list" },
        { 422, "application/json", """{"detail":[{"loc":["body","messages"],"msg":"field required","input":{"messages":"my private question about money"}}]}""", RunFailure.ModelRejected, false, "field required" },
        { 400, "application/json", """{"error":{"message":"The response was filtered","code":"content_filter"}}""", RunFailure.ModelRejected, false, "filtered" },
        { 401, "application/json", """{"error":{"message":"Incorrect API key provided: sk-secret-key-123. Authorization: Bearer sk-secret-key-123"}}""", RunFailure.ModelRejected, false, "Incorrect API key" },
        { 400, "application/json", """{"error":{"message":"cannot parse: my private question about money is no JSON"}}""", RunFailure.ModelRejected, false, "cannot parse" },
        { 503, "text/html", "<html>\n <body>Service   Unavailable</body></html>", RunFailure.ModelUnavailable, true, "<html> <body>Service Unavailable" },
        { 529, "application/json", """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", RunFailure.ModelUnavailable, true, "overloaded_error" },
        { 500, "application/json", "", RunFailure.ModelUnavailable, true, "500" },
        { 400, "application/json", "{not json", RunFailure.ModelRejected, false, "{not json" },
        { 418, "application/json", """{"errors":[{"message":"I am a teapot"}]}""", RunFailure.ModelRejected, false, "teapot" },
    };

    [Trait("failure", "M5")]
    [Trait("failure", "M7")]
    [Theory]
    [MemberData(nameof(Bodies), DisableDiscoveryEnumeration = true)]
    public async Task A_refusal_of_any_shape_is_classified_and_named(int status, string contentType, string body, RunFailure code, bool retryable, string says)
    {
        await using var server = await ModelServer.StartAsync(context => ModelServer.RefuseAsync(context, status, contentType, body));

        var (failure, log) = await FailureAsync(server);

        (failure.Code, failure.Retryable).Should().Be((code, retryable), body);
        log.Should().Contain(says).And.Contain($"{status}").And.Contain("/v1/chat/completions").And.NotContain(Key).And.NotContain(Secret);
        failure.Message.Should().NotContain(says);
    }

    [Trait("failure", "M5")]
    [Theory]
    [InlineData("data: {\"error\":\"")]
    [InlineData("data: <html>")]
    [Trait("failure", "M7")]
    public async Task No_half_of_a_key_is_left_where_an_error_is_cut(string before)
    {
        for (var padding = 100; padding < 300; padding += 3)
        {
            await using var server = await ModelServer.StartAsync(context => ModelServer.RefuseAsync(context, 401, "text/plain", before + new string('x', padding) + " " + Key));
            (await FailureAsync(server)).Log.Should().NotContain(Key[..6]);
        }
    }

    [Fact]
    [Trait("failure", "M7")]
    public async Task A_tools_result_that_an_error_repeats_is_not_logged()
    {
        await using var server = await ModelServer.StartAsync(context => ModelServer.RefuseAsync(context, 400, "application/json", """{"error":{"message":"bad content: the balance is 12,345.67 euros"}}"""));
        using var model = Connect(server.Endpoint);

        var thrown = await Record.ExceptionAsync(() => model.StepAsync(
            [
                new(ChatRole.User, Secret),
                new(ChatRole.Assistant, [new FunctionCallContent("a", "balance")]),
                new(ChatRole.Tool, [new FunctionResultContent("a", "the balance is 12,345.67 euros")]),
            ],
            TestContext.Current.CancellationToken));

        thrown!.ToString().Should().Contain("bad content").And.NotContain("12,345");
    }

    [Fact]
    [Trait("failure", "M8")]
    public async Task An_error_of_a_megabyte_inside_of_an_answer_is_cut()
    {
        await using var server = await ModelServer.StartAsync(context => SendAsync(context, $"data: {{\"error\":\"{new string('x', 900_000)}\"}}\n\n"));
        var failed = await Record.ExceptionAsync(() => Connect(server.Endpoint).StepAsync([new(ChatRole.User, Secret)], TestContext.Current.CancellationToken));
        failed!.Message.Length.Should().BeLessThan(400);
    }

    [Fact]
    public async Task What_will_not_heal_is_not_told_as_try_again()
    {
        foreach (var row in Bodies.Select(row => row.Data).Where(row => !row.Item5))
        {
            await using var server = await ModelServer.StartAsync(context => ModelServer.RefuseAsync(context, row.Item1, row.Item2, row.Item3));
            (await FailureAsync(server)).Failure.Message.Should().NotContain("ry again", row.Item3);
        }
    }

    [Theory]
    [InlineData("Retry-After", "1.5", 1500)]
    [InlineData("Retry-After", "2s", 2000)]
    [InlineData("retry-after-ms", "1400", 1400)]
    public async Task An_endpoint_is_asked_again_after_the_time_that_it_says(string header, string value, int milliseconds)
    {
        var asked = 0;
        await using var server = await ModelServer.StartAsync(context =>
        {
            if (++asked > 1)
            {
                return SendAsync(context, Answer);
            }

            context.Response.Headers[header] = value;
            return ModelServer.RefuseAsync(context, 429, "application/json", "{}");
        });

        (await ReadAsync(server)).Should().Be("hi");

        _clock.Waits.Should().ContainSingle().Which.Should().Be(TimeSpan.FromMilliseconds(milliseconds));
    }

    [Fact]
    [Trait("failure", "M5")]
    public async Task A_call_that_the_model_wrote_wrongly_is_asked_for_again()
    {
        const string Failed = """{"error":{"message":"Failed to call a function. See failed_generation.","type":"invalid_request_error","code":"tool_use_failed","failed_generation":"<function=clock>"}}""";
        var asked = 0;
        await using var server = await ModelServer.StartAsync(context => ++asked == 1 ? ModelServer.RefuseAsync(context, 400, "application/json", Failed) : SendAsync(context, Answer));
        await using var always = await ModelServer.StartAsync(context => ModelServer.RefuseAsync(context, 400, "application/json", Failed));

        (await ReadAsync(server)).Should().Be("hi");
        (await FailureAsync(always)).Failure.Should().Match<ModelFailure>(failure => failure.Code == RunFailure.ModelUnavailable && failure.Retryable);
    }

    [Fact]
    public async Task A_time_that_is_too_long_to_wait_is_told_to_people()
    {
        await using var server = await ModelServer.StartAsync(context =>
        {
            context.Response.Headers.RetryAfter = _clock.GetUtcNow().AddMinutes(30).ToString("R");
            return ModelServer.RefuseAsync(context, 429, "application/json", "{}");
        });

        var (failure, _) = await FailureAsync(server);

        failure.RetryAfter.Should().BeCloseTo(TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(1));
        failure.Message.Should().Match(message => message.Contains("30 minutes") || message.Contains("29 minutes"));
        server.Requests.Should().ContainSingle();
    }

    [Theory]
    [InlineData(307)]
    [InlineData(308)]
    public async Task A_redirect_on_the_same_host_is_followed_with_the_key(int status)
    {
        await using var server = await ModelServer.StartAsync(context =>
        {
            if (context.Request.Path.StartsWithSegments("/v2"))
            {
                return SendAsync(context, Answer);
            }

            context.Response.StatusCode = status;
            context.Response.Headers.Location = "/v2/chat/completions";
            return Task.CompletedTask;
        });

        (await ReadAsync(server)).Should().Be("hi");

        server.Requests.Select(request => (request.Path, request.Key?.Parameter)).Should().Equal(("/v1/chat/completions", Key), ("/v2/chat/completions", Key));
    }

    [Fact]
    public async Task A_redirect_to_another_host_gets_no_key()
    {
        await using var other = await ModelServer.StartAsync(context => SendAsync(context, Answer));
        await using var server = await ModelServer.StartAsync(context =>
        {
            context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
            context.Response.Headers.Location = other.Endpoint.Replace("127.0.0.1", "localhost", StringComparison.Ordinal) + "/chat/completions";
            return Task.CompletedTask;
        });

        (await ReadAsync(server)).Should().Be("hi");

        other.Requests.Should().ContainSingle().Which.Key.Should().BeNull();
    }

    [Fact]
    public async Task A_member_that_an_endpoint_does_not_take_is_left_out()
    {
        await using var server = await ModelServer.StartAsync((context, body) => body.TryGetProperty("stream_options", out _)
            ? ModelServer.RefuseAsync(context, 422, "application/json", """{"detail":[{"loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}""")
            : SendAsync(context, Answer));

        (await ReadAsync(server)).Should().Be("hi");
    }

    [Fact]
    public async Task An_answer_that_is_compressed_unasked_is_read()
    {
        await using var server = await ModelServer.StartAsync(async context =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            await using var zip = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
            await zip.WriteAsync(Encoding.UTF8.GetBytes(Answer), context.RequestAborted);
        });

        (await ReadAsync(server)).Should().Be("hi");
    }

    [Fact]
    public async Task An_error_before_the_first_word_of_an_answer_is_tried_again_and_one_after_it_is_not()
    {
        const string Error = "data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n";
        var asked = 0;
        await using var early = await ModelServer.StartAsync(context => SendAsync(context, ++asked == 1 ? Error : Answer));
        await using var late = await ModelServer.StartAsync(context => SendAsync(context, "data: {\"choices\":[{\"delta\":{\"content\":\"h\"}}]}\n\n" + Error));

        (await ReadAsync(early)).Should().Be("hi");
        (await FailureAsync(late)).Failure.Code.Should().Be(RunFailure.ModelUnavailable);

        late.Requests.Should().ContainSingle();
    }

    private static async Task SendAsync(HttpContext context, string events)
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync(events, context.RequestAborted);
    }

    private IChatClient Connect(string endpoint) =>
        CompletionsClient.Connect(new ModelEndpointOptions { Name = "small", Endpoint = endpoint, Model = "small" }, Key, _clock);

    private async Task<string> ReadAsync(ModelServer server)
    {
        using var model = Connect(server.Endpoint);
        return (await model.StepAsync([new(ChatRole.User, Secret)], TestContext.Current.CancellationToken)).Text();
    }

    private async Task<(ModelFailure Failure, string Log)> FailureAsync(ModelServer server)
    {
        using var model = Connect(server.Endpoint);
        var thrown = await Record.ExceptionAsync(() => model.StepAsync([new(ChatRole.User, Secret)], TestContext.Current.CancellationToken));
        return (ModelFailure.Classify(thrown!), thrown!.ToString());
    }
}
