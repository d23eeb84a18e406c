using System.Text.Json.Nodes;
using ChatBackend.Client;
using ChatBackend.Mcp;
using ChatBackend.Protocol;
using ChatBackend.Testing;
using ChatBackend.Tests.Client;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using static ChatBackend.Testing.ScriptedModel;
using static ChatBackend.Tests.Mcp.PlayedMcpServer;

namespace ChatBackend.Tests.Mcp;

/// <summary>A server that hangs, floods, dies or lies costs its call only.</summary>
[Trait("failure", "M17")]
public sealed class HostileMcpServerTests
{
    [Fact]
    public async Task A_server_that_hangs_at_its_start_delays_neither_the_application_nor_runs_and_is_told_to_model_and_operator()
    {
        await using var server = await StartAsync();
        server.OnRequest = async request =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, request.Http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return true;
        };
        var model = new ScriptedModel([Call("own")]);
        await using var host = await McpHost.StartAsync(model, server, options => (options.StartTimeout, options.StartWait) = (TimeSpan.FromSeconds(1), TimeSpan.Zero));
        await using var ada = await host.ConnectAsync();

        (await host.RunAsync(ada)).Should().BeOfType<AgentCompleted>();

        model.Tools.Select(tool => tool.Name).Should().Equal("own");
        model.Requests[0][0].Text.Should().Contain("not available: played");
        host.Log.Text.Should().Contain("The agent helper goes on without the tools of MCP servers that are not available: played");
        await host.Log.UntilAsync(line => line.Contains("MCP server played is not available: It did not answer in time.", StringComparison.Ordinal)).Soon();
        using var http = new HttpClient { BaseAddress = host.Host.Address };
        (await http.GetStringAsync(new Uri("/health/ready", UriKind.Relative), TestContext.Current.CancellationToken)).Should().Be("Degraded\nMCP server played: not available");
    }

    [Fact]
    public async Task A_server_that_comes_late_has_its_tools_in_a_later_run()
    {
        var port = await FreePortAsync();
        var model = new ScriptedModel([Call("dig")]);
        await using var host = await McpHost.StartAsync(model, mcp =>
        {
            mcp.Servers["played"] = new McpServerOptions { Url = $"http://127.0.0.1:{port}/mcp", StartWait = TimeSpan.FromSeconds(30) };
            mcp.Allow("helper", "played");
        });
        await host.Log.UntilAsync(line => line.Contains("MCP server played is not available: It cannot be reached", StringComparison.Ordinal)).Soon();
        await using var ada = await host.ConnectAsync();

        await using var server = await StartAsync(port);
        server.Tools = [Tool("dig", isReadOnly: true)];
        await host.RunAsync(ada);

        host.Completed("dig").Outcome.Should().Be(ToolOutcome.Succeeded);
    }

    [Fact]
    public async Task A_server_that_ends_in_a_call_costs_that_call_and_serves_the_next_run_after_its_restart()
    {
        var server = await StartAsync();
        var port = new Uri(server.Url).Port;
        server.Tools = [Tool("dig", isReadOnly: true)];
        server.OnCall = async call =>
        {
            call.Http.Abort();
            return null;
        };
        await using var host = await McpHost.StartAsync(new ScriptedModel([Call("dig"), Call("own")]), server, options => options.StartWait = TimeSpan.FromSeconds(30));
        await using var ada = await host.ConnectAsync();

        (await host.RunAsync(ada)).Should().BeOfType<AgentCompleted>();
        host.Completed("dig").Error.Should().Contain("ended or could not be reached during the call");
        host.Completed("own").Outcome.Should().Be(ToolOutcome.Succeeded);
        await server.DisposeAsync();

        await using var restarted = await StartAsync(port);
        restarted.Tools = server.Tools;
        await host.RunAsync(ada);
        host.ResultOf("dig").Should().Contain("done");
    }

    [Fact]
    public async Task A_tool_that_is_described_wrongly_is_left_out_and_the_others_are_there()
    {
        await using var server = await StartAsync();
        server.Tools = new JsonArray(
            Tool("good", isReadOnly: true),
            new JsonObject { ["name"] = "array", ["inputSchema"] = new JsonArray() },
            new JsonObject { ["name"] = "text", ["inputSchema"] = new JsonObject { ["type"] = "string" } },
            new JsonObject { ["name"] = "none" },
            new JsonObject { ["name"] = 7, ["inputSchema"] = new JsonObject() },
            new JsonObject { ["name"] = "huge", ["inputSchema"] = new JsonObject { ["enum"] = new JsonArray([.. Enumerable.Range(0, 9000).Select(number => JsonValue.Create($"{number}"))]) } },
            null,
            new JsonObject { ["name"] = "ill egal/ñ", ["inputSchema"] = new JsonObject { ["type"] = "object" } },
            new JsonObject { ["name"] = "42", ["description"] = 7, ["inputSchema"] = new JsonObject() },
            Tool("hidden", description: "See.\u200B\U000E0049\U000E0047\u202E" + new string('x', 9000)));
        var model = new ScriptedModel([Call("good")]);
        await using var host = await McpHost.StartAsync(model, server);
        await using var ada = await host.ConnectAsync();

        await host.RunAsync(ada);

        model.Tools.Select(tool => tool.Name).Should().Equal("own", "_42", "good", "hidden", "ill_egal__");
        model.Tools.Single(tool => tool.Name == "hidden").Description.Should().StartWith("See.xxx").And.HaveLength(4000);
        host.Completed("good").Outcome.Should().Be(ToolOutcome.Succeeded);
        host.Log.Text.Should().Contain("MCP server played: array is left out");
    }

    [Theory]
    [InlineData("not json", "did not answer the call")]
    [InlineData("wrong id", "did not answer the call")]
    [InlineData("wrong content", "what is no result of a tool")]
    [InlineData("error", "refused the call: Request failed (remote): no such hole")]
    [InlineData("huge", "ended or could not be reached")]
    [InlineData("status", "answered the call with 500")]
    public async Task An_answer_that_is_wrong_costs_its_call_only(string lie, string says)
    {
        await using var server = await StartAsync();
        server.Tools = [Tool("dig", isReadOnly: true), Tool("bury", isReadOnly: true)];
        server.OnCall = call => call.Tool == "bury" ? Task.FromResult<JsonNode?>(Text("done")) : LieAsync(call, lie);
        await using var host = await McpHost.StartAsync(
            new ScriptedModel([Call("dig")], [Call("bury"), Call("own")]), server,
            options => (options.StartWait, options.MaxMessageBytes, options.Timeout) = (TimeSpan.FromSeconds(30), 100_000, TimeSpan.FromSeconds(20)));
        await using var ada = await host.ConnectAsync();

        (await host.RunAsync(ada)).Should().BeOfType<AgentCompleted>();

        host.Completed("dig").Error.Should().Contain(says);
        host.ResultOf("bury").Should().Contain("done");
        host.Completed("own").Outcome.Should().Be(ToolOutcome.Succeeded);
    }

    [Fact]
    public async Task A_result_is_as_large_as_it_may_be_or_refused()
    {
        await using var server = await StartAsync();
        server.Tools = [Tool("dig", isReadOnly: true)];
        server.OnCall = _ => Task.FromResult<JsonNode?>(Text(new string('x', 2000)));
        await using var host = await McpHost.StartAsync(new ScriptedModel([Call("dig")]), server, options => options.MaxResultBytes = 1000);
        await using var ada = await host.ConnectAsync();

        await host.RunAsync(ada);

        host.Completed("dig").Error.Should().Be("The result of the server played is larger than 1000 bytes.");
    }

    private static async Task<JsonNode?> LieAsync(PlayedRequest call, string lie)
    {
        switch (lie)
        {
            case "not json":
                call.Http.Response.ContentType = "application/json";
                await call.Http.Response.WriteAsync("<html>");
                return null;
            case "wrong id":
                await call.SendAsync(new JsonObject { ["id"] = "another", ["result"] = Text("wrong") });
                return null;
            case "wrong content":
                return new JsonObject { ["content"] = "gold" };
            case "error":
                await call.AnswerAsync(new JsonObject { ["error"] = new JsonObject { ["code"] = -32000, ["message"] = "no such hole" } });
                return null;
            case "huge":
                return Text(new string('x', 200_000));
            default:
                call.Http.Response.StatusCode = StatusCodes.Status500InternalServerError;
                return null;
        }
    }

    private static async Task<int> FreePortAsync()
    {
        await using var probe = await StartAsync();
        return new Uri(probe.Url).Port;
    }
}
