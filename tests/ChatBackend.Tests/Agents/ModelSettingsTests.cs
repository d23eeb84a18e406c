using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Http;
using static ChatBackend.Tests.Agents.ModelServer;

namespace ChatBackend.Tests.Agents;

/// <summary>The settings of an agent, from configuration to the endpoint.</summary>
public sealed class ModelSettingsTests
{
    [Fact]
    public async Task Every_setting_reaches_the_endpoint()
    {
        var (headers, query) = (new Dictionary<string, string>(), "");
        await using var provider = await StartAsync(context =>
        {
            headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
            query = context.Request.QueryString.Value;
            return SendAsync(context, Text("hi"), Chunk("{}", "\"stop\""), "[DONE]");
        });

        await RunAsync(
            provider,
            ("Temperature", "0.2"), ("TopP", "0.9"), ("MaxTokens", "500"), ("Seed", "7"), ("ReasoningEffort", "low"), ("Stop:0", "END"), ("Stop:1", "\n\n"),
            ("Headers:X-Title", "chat"), ("HeadersFrom:X-Org", "TEST_ORG"), ("TEST_ORG", "org-1"), ("KeyFrom", "TEST_KEY"), ("TEST_KEY", "sk-1"), ("ApiKeyHeader", "api-key"), ("ApiVersion", "2026-01-01"),
            ("Tools:0", "clock"), ("ToolChoice", "auto"), ("ParallelToolCalls", "false"),
            ("ExtraBody:top_k", "40"), ("ExtraBody:cache", "true"), ("ExtraBody:options:names:0", "a"), ("ExtraBody:options:names:1", "b"), ("Omit:0", "stream_options"));

        var body = provider.Requests.Single().Body;
        JsonSerializer.Serialize(body.EnumerateObject().Where(member => member.Name is not ("messages" or "tools")).ToDictionary(member => member.Name, member => member.Value)).Should().Be(
            """{"model":"small","tool_choice":"auto","parallel_tool_calls":false,"stream":true,"temperature":0.2,"top_p":0.9,"max_tokens":500,"seed":7,"reasoning_effort":"low","stop":["END","\n\n"],"cache":true,"options":{"names":["a","b"]},"top_k":40}""");
        (headers["X-Title"], headers["X-Org"], headers["api-key"], headers.ContainsKey("Authorization"), query).Should().Be(("chat", "org-1", "sk-1", false, "?api-version=2026-01-01"));
    }

    [Theory]
    [InlineData("MaxCompletionTokens", "500", """ "max_completion_tokens":500 """)]
    [InlineData("ExtraBody", """{"temperature":0,"metadata":{"a":[1,2.5,null]}}""", """ "temperature":0,"metadata":{"a":[1,2.5,null]} """)]
    [InlineData("Stream", "false", """ "stream":false """)]
    public async Task A_member_of_the_body_is_as_the_setting_says(string setting, string value, string member)
    {
        await using var provider = await AnsweringAsync();

        await RunAsync(provider, ("Temperature", "1"), (setting, value));

        provider.Requests.Single().Body.GetRawText().Should().Contain(member.Trim());
        provider.Requests.Single().Body.EnumerateObject().Select(named => named.Name).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task An_endpoint_that_is_asked_for_a_whole_answer_gives_one()
    {
        await using var provider = await StartAsync((context, body) => context.Response.WriteAsync(body.GetProperty("stream").GetBoolean()
            ? "data: wrong"
            : """{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"""));

        (await RunAsync(provider, ("Stream", "false"))).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("hi");
    }

    [Fact]
    public async Task A_model_that_wants_the_newer_name_for_its_tokens_is_asked_by_it()
    {
        await using var provider = await StartAsync((context, body) =>
        {
            if (body.TryGetProperty("max_tokens", out _))
            {
                context.Response.StatusCode = 400;
                return context.Response.WriteAsync("""{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","code":"unsupported_parameter"}}""");
            }

            return SendAsync(context, Text("hi"), Chunk("{}", "\"stop\""), "[DONE]");
        });

        (await RunAsync(provider, ("MaxTokens", "500"))).Should().BeOfType<AgentCompleted>();

        provider.Requests[^1].Body.GetProperty("max_completion_tokens").GetInt32().Should().Be(500);
    }

    [Fact]
    public async Task A_tool_that_has_to_be_called_is_demanded_until_one_was()
    {
        await using var provider = await StartAsync((context, body) => body.GetProperty("messages").EnumerateArray().Last().GetProperty("role").GetString() == "tool"
            ? SendAsync(context, Text("noon"), Chunk("{}", "\"stop\""), "[DONE]")
            : SendAsync(context, Chunk("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"clock","arguments":"{}"}}]}"""), Chunk("{}", "\"tool_calls\""), "[DONE]"));

        (await RunAsync(provider, ("Tools:0", "clock"), ("ToolChoice", "clock"))).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("noon");

        provider.Requests.Select(request => request.Body.TryGetProperty("tool_choice", out var choice) ? choice.GetRawText() : null)
            .Should().Equal("""{"type":"function","function":{"name":"clock"}}""", null);
    }

    [Theory]
    [InlineData("", "2026-01-01", "/openai/deployments/small/chat/completions?api-version=2026-01-01")]
    [InlineData("/openai/deployments/small/chat/completions?api-version=2025-01-01", null, "/openai/deployments/small/chat/completions?api-version=2025-01-01")]
    [InlineData("/", null, "/openai/v1/chat/completions")]
    [InlineData("/openai/v1/", null, "/openai/v1/chat/completions")]
    public async Task Azure_is_asked_in_its_own_way(string path, string? version, string asked)
    {
        string? address = null, key = null;
        await using var provider = await StartAsync(context =>
        {
            (address, key) = (context.Request.Path + context.Request.QueryString, context.Request.Headers["api-key"]);
            return SendAsync(context, Text("hi"), Chunk("{}", "\"stop\""), "[DONE]");
        });

        await RunAsync(
            provider,
            [("Provider", "azure-openai"), ("Endpoint", new Uri(provider.Endpoint).GetLeftPart(UriPartial.Authority) + path), ("KeyFrom", "TEST_KEY"), ("TEST_KEY", "k-1"),
            .. version is null ? Array.Empty<(string, string)>() : [("ApiVersion", version)]]);

        (address, key).Should().Be((asked, "k-1"));
    }

    [Theory]
    [InlineData("FirstByteTimeout", false)]
    [InlineData("Timeout", true)]
    [InlineData("TotalTimeout", true)]
    public async Task An_endpoint_that_is_too_slow_is_given_up(string setting, bool isBegun)
    {
        await using var provider = await StartAsync(async context =>
        {
            var gone = new TaskCompletionSource();
            context.RequestAborted.Register(gone.SetResult);
            if (isBegun)
            {
                await SendAsync(context, Text("so far"));
            }

            await gone.Task;
        });

        var end = await RunAsync(provider, (setting, "00:00:00.3"));

        end.Should().BeOfType<AgentFailed>().Which.Code.Should().Be(RunFailure.ModelUnavailable);
        provider.Requests.Should().ContainSingle("a time-out is not repeated");
    }

    [Fact]
    public async Task A_request_is_repeated_as_often_as_the_setting_says()
    {
        await using var provider = await StartAsync(context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        });

        (await RunAsync(provider, ("Retries", "0"))).Should().BeOfType<AgentFailed>();

        provider.Requests.Should().ContainSingle();
    }

    private static Task<ModelServer> AnsweringAsync() => StartAsync(context => SendAsync(context, Text("hi"), Chunk("{}", "\"stop\""), "[DONE]"));

    /// <param name="settings">Of the agent; those in capitals are variables of the environment.</param>
    private static async Task<ThreadEvent> RunAsync(ModelServer provider, params (string Key, string Value)[] settings)
    {
        await using var server = new ChatServer(
        [
            ("Agents:Default", "helper"), ("Agents:List:0:Name", "helper"), ("Agents:List:0:Endpoint", provider.Endpoint), ("Agents:List:0:Model", "small"),
            .. settings.Select(setting => (setting.Key.StartsWith("TEST_", StringComparison.Ordinal) ? setting.Key : $"Agents:List:0:{setting.Key}", setting.Value)),
        ]);
        await using var client = await server.ConnectAsync();
        return await client.EndOfAsync(await client.Connection.ChatAsync("Hi").Soon());
    }
}
