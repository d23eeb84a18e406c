using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using ChatBackend.Protocol;
using ChatBackend.Tests.Agents;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Mcp;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Telemetry;

/// <summary>Listeners of traces are the process's, and what other tests look at must not change by them.</summary>
[CollectionDefinition(nameof(TraceTests), DisableParallelization = true)]
[Collection(nameof(TraceTests))]
public sealed class TraceTests
{
    private const string Calls = """
        {"tool_calls":[
          {"index":0,"id":"a","type":"function","function":{"name":"look","arguments":"{\"word\":\"secret-argument\"}"}},
          {"index":1,"id":"b","type":"function","function":{"name":"refuse","arguments":"{}"}},
          {"index":2,"id":"c","type":"function","function":{"name":"read","arguments":"{}"}}]}
        """;

    [Fact]
    public async Task A_message_is_one_trace_from_its_command_through_run_step_and_model_to_each_tool()
    {
        List<string> sent = [];
        await using var collector = await OtlpCollector.StartAsync();
        await using var provider = await ModelServer.StartAsync((context, body) => AnswerAsync(context, body, sent));
        await using var mcp = await StartMcpAsync();
        await using var server = ServerOf(provider, mcp, collector);
        await using var client = await server.ConnectAsync();

        var ack = await client.Connection.ChatAsync("secret-question").Soon();
        (await client.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>();

        var trace = client.Frames.All().OfType<AgentStarted>().Single().TraceId;
        var spans = (await collector.UntilAsync(spans => spans.Count(span => span.TraceId == trace) >= 9)).Where(span => span.TraceId == trace).ToList();
        spans.Select(span => span.Name).Should().BeEquivalentTo(
            "command chat", "invoke_agent support", "step", "chat small", "execute_tool look", "execute_tool refuse", "execute_tool read", "step", "chat small");

        var command = One("command chat");
        var run = One("invoke_agent support");
        command.ParentId.Should().BeEmpty();
        run.ParentId.Should().Be(command.SpanId);
        (run["gen_ai.operation.name"], run["gen_ai.agent.name"], run["gen_ai.conversation.id"], run["chat.run.id"], run["chat.run.outcome"]).Should().Be(
            ("invoke_agent", "support", ack.ThreadId!.Value.Value, ack.RunId!.Value.Value, "completed"));
        (run["gen_ai.usage.input_tokens"], run["gen_ai.usage.output_tokens"], run.IsError).Should().Be(("30", "12", false));
        var steps = spans.Where(span => span.Name == "step").OrderBy(span => span["chat.step"]).ToList();
        steps.Should().OnlyContain(step => step.ParentId == run.SpanId);
        var models = steps.Select(step => spans.Single(span => span.Name == "chat small" && span.ParentId == step.SpanId)).ToList();
        models.Select(model => (model["gen_ai.operation.name"], model["gen_ai.provider.name"], model["gen_ai.request.model"], model["gen_ai.response.model"]))
            .Should().AllBeEquivalentTo(("chat", "openai", "small", "m"));
        models.Select(model => (model["gen_ai.response.finish_reasons"], model["gen_ai.usage.input_tokens"], model["gen_ai.usage.output_tokens"]))
            .Should().Equal(("[tool_calls]", "10", "7"), ("[stop]", "20", "5"));
        foreach (var tool in client.Frames.All().OfType<ToolCompleted>())
        {
            var span = One($"execute_tool {tool.Tool}");
            (span.ParentId, span["gen_ai.operation.name"], span["gen_ai.tool.name"], span["gen_ai.tool.call.id"]).Should().Be(
                (steps[0].SpanId, "execute_tool", tool.Tool, tool.CallId.Value));
            span["mcp.method.name"].Should().Be(tool.Tool == "read" ? "tools/call" : null, "the SDK of MCP says on the tool's span what it called");
            (span.IsError, span["error.type"]).Should().Be(tool.Tool == "refuse" ? (true, "failed") : (false, null));
        }

        sent.Should().HaveCount(2).And.OnlyContain(parent => parent.StartsWith($"00-{trace}-"), "the model's server may go on with the trace");
        JsonSerializer.Serialize(spans).Should().NotContain("secret", "traces hold nothing that anyone said");

        Span One(string name) => spans.Single(span => span.Name == name);
    }

    [Fact]
    public async Task What_was_said_is_in_the_spans_of_models_and_tools_where_that_is_switched_on_and_cut_to_its_bound()
    {
        var question = $"secret-question {new string('q', 5000)}";
        await using var collector = await OtlpCollector.StartAsync();
        await using var provider = await ModelServer.StartAsync((context, body) => AnswerAsync(context, body, []));
        await using var mcp = await StartMcpAsync();
        await using var server = ServerOf(provider, mcp, collector, ("Runs:TraceContent", "true"));
        await using var client = await server.ConnectAsync();

        (await client.EndOfAsync(await client.Connection.ChatAsync(question).Soon())).Should().BeOfType<AgentCompleted>();

        var spans = (await collector.UntilAsync(spans => spans.Count(span => span.Name.StartsWith("chat ", StringComparison.Ordinal)) >= 2)).ToList();
        var models = spans.Where(span => span.Name == "chat small").OrderBy(span => span["gen_ai.usage.input_tokens"]).ToList();
        using var first = JsonDocument.Parse(models[0]["gen_ai.input.messages"]!);
        using var second = JsonDocument.Parse(models[1]["gen_ai.input.messages"]!);
        using var asked = JsonDocument.Parse(models[0]["gen_ai.output.messages"]!);
        using var answered = JsonDocument.Parse(models[1]["gen_ai.output.messages"]!);
        var said = first.RootElement[0].GetProperty("parts")[0];
        (first.RootElement[0].GetProperty("role").GetString(), said.GetProperty("type").GetString()).Should().Be(("user", "text"));
        said.GetProperty("content").GetString().Should().Be($"{question[..4000]}… ({question.Length - 4000} more characters)");
        second.RootElement.EnumerateArray().Select(message => message.GetProperty("role").GetString()).Should().Equal("user", "assistant", "tool");
        var call = asked.RootElement[0].GetProperty("parts")[0];
        (call.GetProperty("type").GetString(), call.GetProperty("id").GetString(), call.GetProperty("name").GetString()).Should().Be(("tool_call", "a", "look"));
        var result = second.RootElement[2].GetProperty("parts")[0];
        (result.GetProperty("type").GetString(), result.GetProperty("id").GetString()).Should().Be(("tool_call_response", "a"));
        result.GetProperty("response").GetString().Should().Contain("secret-result secret-argument");
        answered.RootElement[0].GetRawText().Should().Be("""{"role":"assistant","parts":[{"type":"text","content":"secret-answer"}],"finish_reason":"stop"}""");
        models[0]["gen_ai.system_instructions"].Should().Be("""[{"type":"text","content":"secret-instructions"}]""");
        var look = spans.Single(span => span.Name == "execute_tool look");
        (look["gen_ai.tool.call.arguments"], look["gen_ai.tool.call.result"]).Should().Be(("""{"word":"secret-argument"}""", "\"secret-result secret-argument\""));
        spans.Single(span => span.Name == "execute_tool refuse")["gen_ai.tool.call.result"].Should().Be("The tool failed.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_sockets_request_says_of_a_trace_counts_where_that_is_configured(bool isTrusted)
    {
        const string Caller = "0af7651916cd43dd8448eb211c80319c";
        List<string> sent = [];
        await using var collector = await OtlpCollector.StartAsync();
        await using var provider = await ModelServer.StartAsync((context, body) => AnswerAsync(context, body, sent));
        await using var mcp = await StartMcpAsync();
        await using var server = ServerOf(provider, mcp, collector, ("Connections:TrustTraceparent", isTrusted ? "true" : "false"));
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(ChatProtocol.Name);
        socket.Options.SetRequestHeader("Authorization", $"Bearer {(await server.GuestAsync()).Token}");
        socket.Options.SetRequestHeader("traceparent", $"00-{Caller}-b7ad6b7169203331-01");
        await socket.ConnectAsync(server.WebSocket, TestContext.Current.CancellationToken).Soon();
        await using var raw = new RawSocket(socket);
        await raw.SendAsync("""{"type":"chat","id":"c1","content":"Hi"}""");

        var started = await UntilAsync(raw, "agent_started");
        (started.GetProperty("trace_id").GetString() == Caller).Should().Be(isTrusted);
        await UntilAsync(raw, "agent_completed");
        var command = (await collector.UntilAsync(spans => spans.Any(span => span.Name == "command chat"))).First(span => span.Name == "command chat");
        command.ParentId.Should().Be(isTrusted ? "b7ad6b7169203331" : "");
        sent.Should().OnlyContain(parent => parent.Contains(Caller) == isTrusted);
    }

    [Fact]
    public async Task Without_a_collector_nothing_is_traced()
    {
        List<string> sent = [];
        await using var provider = await ModelServer.StartAsync((context, body) => AnswerAsync(context, body, sent));
        await using var mcp = await StartMcpAsync();
        await using var server = ServerOf(provider, mcp, null);
        await using var client = await server.ConnectAsync();

        await client.EndOfAsync(await client.Connection.ChatAsync("Hi").Soon());

        client.Frames.All().OfType<AgentStarted>().Single().TraceId.Should().BeNull();
        sent.Should().OnlyContain(parent => parent.Length == 0);
    }

    private static async Task<JsonElement> UntilAsync(RawSocket socket, string type)
    {
        JsonElement frame;
        do
        {
            frame = await socket.ReceiveAsync();
        }
        while (frame.GetProperty("type").GetString() != type);
        return frame;
    }

    private static async Task AnswerAsync(Microsoft.AspNetCore.Http.HttpContext context, JsonElement body, List<string> sent)
    {
        lock (sent)
        {
            sent.Add(context.Request.Headers.TraceParent.ToString());
        }

        if (body.GetProperty("messages").EnumerateArray().Any(message => message.GetProperty("role").GetString() == "tool"))
        {
            await ModelServer.SendAsync(context, ModelServer.Text("secret-answer"), ModelServer.Chunk("{}", "\"stop\""), Usage(20, 5), "[DONE]");
        }
        else
        {
            await ModelServer.SendAsync(context, ModelServer.Chunk(Calls.ReplaceLineEndings("")), ModelServer.Chunk("{}", "\"tool_calls\""), Usage(10, 7), "[DONE]");
        }
    }

    private static string Usage(int input, int output) =>
        $$$"""{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":{{{input}}},"completion_tokens":{{{output}}},"total_tokens":{{{input + output}}}}}""";

    private static async Task<PlayedMcpServer> StartMcpAsync()
    {
        var mcp = await PlayedMcpServer.StartAsync();
        mcp.Tools = [PlayedMcpServer.Tool("read", isReadOnly: true)];
        mcp.OnCall = _ => Task.FromResult<JsonNode?>(PlayedMcpServer.Text("secret-text"));
        return mcp;
    }

    private static ChatServer ServerOf(ModelServer provider, PlayedMcpServer mcp, OtlpCollector? collector, params (string, string)[] settings) => new(
        services => services.AddChatBackend().AddAgent("support", agent => agent.UseEndpoint(provider.Endpoint, "small").UseInstructions(_ => "secret-instructions")
            .AddTool("look", (string word) => $"secret-result {word}", tool => tool.RunsInParallel = true)
            .AddTool("refuse", string () => throw new InvalidOperationException("secret-failure"), tool => tool.RunsInParallel = true)),
        [
            ("Mcp:Servers:played:Url", mcp.Url), ("Mcp:Agents:support:played:0", "read"), ("Tracing:Endpoint", collector?.Endpoint ?? ""), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_BSP_SCHEDULE_DELAY", "50"), .. settings,
        ]);
}
