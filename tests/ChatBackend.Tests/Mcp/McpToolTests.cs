using System.Security.Claims;
using System.Text.Json.Nodes;
using ChatBackend.Agents;
using ChatBackend.Client;
using ChatBackend.Mcp;
using ChatBackend.Protocol;
using ChatBackend.Testing;
using ChatBackend.Tests.Client;
using Microsoft.Extensions.AI;
using static ChatBackend.Testing.ScriptedModel;
using static ChatBackend.Tests.Mcp.PlayedMcpServer;

namespace ChatBackend.Tests.Mcp;

/// <summary>Tools of MCP servers: who has them, what they are called, and how a call goes.</summary>
[Trait("failure", "M15")]
public sealed class McpToolTests
{
    [Fact]
    public async Task An_agent_has_the_tools_that_the_configuration_allows_it_and_another_has_none()
    {
        await using var server = await StartAsync();
        server.Tools = [Tool("write"), Tool("read", isReadOnly: true), Tool("erase")];
        var (helper, other) = (new ScriptedModel([Call("read", ("text", "a"))]), new ScriptedModel());
        await using var host = await McpHost.StartAsync(
            helper, _ => { }, chat => chat.AddAgent("other", agent => agent.UseModel(other)),
            ("Mcp:Servers:played:Url", server.Url), ("Mcp:Agents:helper:played:0", "read"), ("Mcp:Agents:helper:played:1", "write"));
        await using var ada = await host.ConnectAsync();

        await host.RunAsync(ada);
        await host.RunAsync(ada, agent: "other");

        helper.Tools.Select(tool => tool.Name).Should().Equal("own", "read", "write");
        other.Tools.Should().BeEmpty();
        host.ResultOf("read").Should().Be("""{"content":[{"type":"text","text":"done"}]}""");
        server.Received.Last(request => request.Method == "tools/call").Parameter("arguments")!.ToJsonString().Should().Be("""{"text":"a"}""");
    }

    [Theory]
    [InlineData(false, true, null, true)]
    [InlineData(true, true, null, false)]
    [InlineData(true, false, null, true)]
    [InlineData(true, true, "always", true)]
    [InlineData(false, false, "never", false)]
    [Trait("failure", "M16")]
    public async Task A_call_needs_approval_unless_a_trusted_server_or_the_operator_says_that_it_does_not(bool isReadOnly, bool isTrusted, string? setting, bool needsApproval)
    {
        await using var server = await StartAsync();
        server.Tools = [Tool("act", isReadOnly)];
        await using var host = await McpHost.StartAsync(new ScriptedModel([Call("act")]), server, options =>
        {
            options.TrustReadOnlyHint = isTrusted;
            if (setting is not null)
            {
                options.Tools["act"] = new McpToolOptions { Approval = setting };
            }
        });
        await using var ada = await host.ConnectAsync();

        var ack = await ada.ChatAsync("Hi", agent: "helper").Soon();
        if (needsApproval)
        {
            var required = await host.Frames.UntilAsync<ApprovalRequired>();
            server.Received.Should().NotContain(request => request.Method == "tools/call");
            await ada.DecideAsync(required, ApprovalDecision.Approve).Soon();
        }

        await host.EndOfAsync(ack);
        host.Frames.All().OfType<ApprovalRequired>().Any().Should().Be(needsApproval);
        host.Completed("act").Outcome.Should().Be(ToolOutcome.Succeeded);
    }

    [Fact]
    public async Task Names_that_collide_carry_their_servers_name_also_while_that_one_is_not_there()
    {
        await using var first = await StartAsync();
        await using var second = await StartAsync();
        (first.Tools, second.Tools) = ([Tool("find", true), Tool("own", true), Tool("read.me", true)], [Tool("find", true), Tool("more", true)]);
        second.OnCall = _ => Task.FromResult<JsonNode?>(Text("second"));
        var model = new ScriptedModel([Call("two_find")]);
        await using var host = await McpHost.StartAsync(model, mcp =>
        {
            mcp.Servers["one"] = new McpServerOptions { Url = first.Url };
            mcp.Servers["two"] = new McpServerOptions { Url = second.Url };
            mcp.Allow("helper", "one").Allow("helper", "two");
        });
        await using var ada = await host.ConnectAsync();

        await host.RunAsync(ada);
        model.Tools.Select(tool => tool.Name).Should().Equal("own", "more", "one_find", "one_own", "read_me", "two_find");
        host.ResultOf("two_find").Should().Contain("second");
    }

    [Fact]
    public async Task What_a_server_reports_of_a_call_is_told_to_those_who_follow()
    {
        await using var server = await StartAsync();
        server.Tools = [Tool("dig", isReadOnly: true)];
        var told = new TaskCompletionSource();
        server.OnCall = async call =>
        {
            await call.SendAsync(Report(call, new JsonObject { ["progress"] = 1, ["total"] = 4, ["message"] = "One foot deep." }));
            await told.Task.Soon();
            await call.SendAsync(new JsonObject { ["id"] = call.Message["id"]!.DeepClone(), ["result"] = Text("gold") });
            return null;
        };
        await using var host = await McpHost.StartAsync(new ScriptedModel([Call("dig")]), server);
        await using var ada = await host.ConnectAsync();

        var ack = await ada.ChatAsync("Hi", agent: "helper").Soon();
        (await host.Frames.UntilAsync<ToolProgress>()).Should().BeEquivalentTo(new { Text = "One foot deep.", Fraction = 0.25 });
        told.SetResult();
        await host.EndOfAsync(ack);
        host.ResultOf("dig").Should().Contain("gold");
    }

    [Fact]
    public async Task A_stop_reaches_the_server()
    {
        await using var server = await StartAsync();
        server.Tools = [Tool("dig", isReadOnly: true)];
        server.OnCall = HangAsync;
        await using var host = await McpHost.StartAsync(new ScriptedModel([Call("dig")]), server);
        await using var ada = await host.ConnectAsync();
        var ack = await ada.ChatAsync("Hi", agent: "helper").Soon();
        var call = await server.UntilAsync(request => request.Tool == "dig").Soon();

        await ada.StopAsync(ack.ThreadId!.Value).Soon();

        (await host.EndOfAsync(ack)).Should().BeOfType<AgentStopped>();
        var cancelled = await server.UntilAsync(request => request.Method == "notifications/cancelled").Soon();
        cancelled.Parameter("requestId")!.ToString().Should().Be(call.Message["id"]!.ToString());
    }

    [Theory]
    [InlineData("00:05:00", "00:00:00.3")]
    [InlineData("00:00:00.3", null)]
    [Trait("failure", "M17")]
    public async Task A_call_takes_no_longer_than_its_server_or_its_tool_may(string ofServer, string? ofTool)
    {
        await using var server = await StartAsync();
        server.Tools = [Tool("dig", isReadOnly: true)];
        server.OnCall = HangAsync;
        await using var host = await McpHost.StartAsync(
            new ScriptedModel([Call("dig")]), _ => { }, null,
            ("Mcp:Servers:played:Url", server.Url), ("Mcp:Agents:helper:played:0", "*"), ("Mcp:Servers:played:Timeout", ofServer), ("Mcp:Servers:played:Tools:dig:Timeout", ofTool));
        await using var ada = await host.ConnectAsync();

        (await host.RunAsync(ada)).Should().BeOfType<AgentCompleted>();

        host.Completed("dig").Error.Should().Be("The tool took longer than 0.3 s.");
        await server.UntilAsync(request => request.Method == "notifications/cancelled").Soon();
    }

    [Fact]
    public async Task A_list_that_changes_is_that_of_the_next_run()
    {
        await using var server = await StartAsync();
        server.Tools = [Tool("dig")];
        var model = new ScriptedModel();
        await using var host = await McpHost.StartAsync(model, server);
        await using var ada = await host.ConnectAsync();
        await host.RunAsync(ada);
        model.Tools.Select(tool => tool.Name).Should().Equal("own", "dig");

        server.Tools = [Tool("dig"), Tool("bury")];
        var told = server.UntilAsync(request => request.Method == "tools/list" && request.Message["id"]!.ToString() != server.Received.First(known => known.Method == "tools/list").Message["id"]!.ToString());
        using var deadline = Deadline.Source();
        while (!told.IsCompleted)
        {
            // The notification takes its own way: a run that comes before it has the old list.
            deadline.Token.ThrowIfCancellationRequested();
            server.Notify("notifications/tools/list_changed");
            await host.RunAsync(ada);
        }

        await host.RunAsync(ada);
        model.Tools.Select(tool => tool.Name).Should().Equal("own", "bury", "dig");
    }

    [Fact]
    public async Task Images_and_resources_are_in_the_result_by_type_and_size_and_text_whole()
    {
        await using var server = await StartAsync();
        server.Tools = [Tool("show", isReadOnly: true)];
        server.OnCall = _ => Task.FromResult(JsonNode.Parse(
            $$"""
            {"content":[
              {"type":"image","mimeType":"image/png","data":"{{Convert.ToBase64String(new byte[20])}}"},
              {"type":"image","mimeType":"image/png","data":"{{Convert.ToBase64String(new byte[20_000])}}"},
              {"type":"audio","mimeType":"audio/wav","data":"{{Convert.ToBase64String(new byte[31])}}"},
              {"type":"resource","resource":{"uri":"note://1","mimeType":"text/plain","text":"A note."} },
              {"type":"resource","resource":{"uri":"blob://1","mimeType":"application/zip","blob":"{{Convert.ToBase64String(new byte[7])}}"} },
              {"type":"resource_link","uri":"file://x","name":"x","mimeType":"text/plain","size":5}
            ],"structuredContent":{"sum":3} }
            """));
        await using var host = await McpHost.StartAsync(new ScriptedModel([Call("show")]), server);
        await using var ada = await host.ConnectAsync();

        await host.RunAsync(ada);

        JsonNode.DeepEquals(JsonNode.Parse(host.ResultOf("show")), JsonNode.Parse(
            $$"""
            {"content":[
              {"type":"image","mime_type":"image/png","bytes":20,"data":"{{Convert.ToBase64String(new byte[20])}}"},
              {"type":"image","mime_type":"image/png","bytes":20000},
              {"type":"audio","mime_type":"audio/wav","bytes":31},
              {"type":"resource","uri":"note://1","mime_type":"text/plain","text":"A note."},
              {"type":"resource","uri":"blob://1","mime_type":"application/zip","bytes":7},
              {"type":"resource_link","uri":"file://x","name":"x","mime_type":"text/plain","bytes":5}
            ],"structured":{"sum":3} }
            """)).Should().BeTrue(host.ResultOf("show"));
    }

    [Fact]
    public async Task Each_user_has_a_session_with_headers_of_their_own_and_one_without_has_no_tools()
    {
        await using var server = await StartAsync();
        server.Tools = [Tool("dig", isReadOnly: true)];
        var model = new ScriptedModel([Call("dig")]);
        await using var host = await McpHost.StartAsync(model, server, options =>
        {
            options.UserHeaders["X-User"] = "user_id";
            options.UserHeaders["X-Tier"] = "tier";
            options.HeadersFor = run => ValueTask.FromResult<IReadOnlyDictionary<string, string>?>(
                run.User.FindFirstValue("token") is { } token ? new Dictionary<string, string> { ["Authorization"] = $"Bearer {token}" } : null);
        });
        await using var ada = await host.ConnectAsync("ada", new Claim("token", "ada-secret"), new Claim("tier", "gold"));
        await using var ben = await host.ConnectAsync("ben", new Claim("token", "ben-secret"));
        await using var eve = await host.ConnectAsync("eve");

        await host.RunAsync(ada);
        await host.RunAsync(ben);
        await host.RunAsync(eve);

        model.Tools.Select(tool => tool.Name).Should().Equal("own");
        server.Received.Where(request => request.Method == "tools/call")
            .Select(call => (call.Headers["Mcp-Session-Id"], call.Headers["X-User"], call.Headers.GetValueOrDefault("X-Tier"), call.Headers["Authorization"]))
            .Should().Equal(("s1", "ada", "gold", "Bearer ada-secret"), ("s2", "ben", null, "Bearer ben-secret"));
    }

    private static JsonObject Report(PlayedRequest call, JsonObject report)
    {
        report["progressToken"] = call.Parameter("_meta")!["progressToken"]!.DeepClone();
        return new JsonObject { ["method"] = "notifications/progress", ["params"] = report };
    }

    private static async Task<JsonNode?> HangAsync(PlayedRequest call)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, call.Http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return null;
    }
}
