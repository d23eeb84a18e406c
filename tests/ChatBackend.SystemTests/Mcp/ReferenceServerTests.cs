using System.Text.Json;
using ChatBackend.Mcp;
using ChatBackend.Protocol;
using ChatBackend.Testing;
using static ChatBackend.SystemTests.Mcp.McpChat;

namespace ChatBackend.SystemTests.Mcp;

/// <summary>The MCP reference servers, as people install them, over stdio and over HTTP.</summary>
[Trait("failure", "M17")]
public sealed class ReferenceServerTests
{
    private const string Long = "trigger-long-running-operation";

    public enum Way
    {
        Stdio,
        Http,
    }

    [Theory]
    [InlineData(Way.Stdio)]
    [InlineData(Way.Http)]
    public async Task Its_tools_answer_with_text_images_and_resources(Way way)
    {
        using var server = await ServerAsync(way);
        var model = new ScriptedModel(
            [ScriptedModel.Call("echo", ("message", "hello"))],
            [ScriptedModel.Call("get-tiny-image")],
            [ScriptedModel.Call("get-resource-reference", ("resourceType", "Text"), ("resourceId", 1))],
            [ScriptedModel.Call("get-resource-reference", ("resourceType", "Blob"), ("resourceId", 2))],
            [ScriptedModel.Call("get-sum", ("a", "one"), ("b", 2))]);
        await using var chat = await StartAsync(OptionsOf(way, server), model);

        var (ack, thread) = await chat.AskAsync();
        (await thread.WaitForRunEndAsync(ack.RunId!.Value).Soon()).Should().BeOfType<AgentCompleted>();

        model.Tools.Select(tool => tool.Name).Should().Contain(["echo", "get-sum", Long]);
        var calls = chat.Frames.OfType<ToolCompleted>().ToList();
        Content(calls[0]).Single().GetProperty("text").GetString().Should().Be("Echo: hello");
        var image = Content(calls[1]).Single(block => block.GetProperty("type").GetString() == "image");
        image.GetProperty("mime_type").GetString().Should().Be("image/png");
        var data = Convert.FromBase64String(image.GetProperty("data").GetString()!);
        data.Should().HaveCount(image.GetProperty("bytes").GetInt32()).And.StartWith(new byte[] { 0x89, (byte)'P', (byte)'N', (byte)'G' });
        Content(calls[2]).Should().Contain(block => block.GetProperty("type").GetString() == "resource" && block.GetProperty("text").GetString()!.Length > 0);
        Content(calls[3]).Should().Contain(block => block.GetProperty("type").GetString() == "resource" && block.GetProperty("bytes").GetInt32() > 0);
        calls[4].Outcome.Should().Be(ToolOutcome.Failed);
    }

    [Theory]
    [InlineData(Way.Stdio)]
    [InlineData(Way.Http)]
    public async Task Progress_is_told_and_a_stop_ends_the_call_and_not_the_server(Way way)
    {
        using var server = await ServerAsync(way);
        var model = new ScriptedModel([ScriptedModel.Call(Long, ("duration", 600), ("steps", 3000))], [ScriptedModel.Call("echo", ("message", "again"))]);
        await using var chat = await StartAsync(OptionsOf(way, server), model);
        var (ack, thread) = await chat.AskAsync();
        var progress = await ProgressAsync(chat);
        progress.Fraction.Should().BeInRange(0.0001, 0.5);
        progress.Text.Should().EndWith("of 3000");

        await chat.Connection.StopAsync(ack.ThreadId!.Value).Soon();
        (await thread.WaitForRunEndAsync(ack.RunId!.Value).Soon()).Should().BeOfType<AgentStopped>();

        await using var second = await StartAsync(OptionsOf(way, server), Calling("echo", ("message", "again")));
        Content(await second.CallAsync()).Single().GetProperty("text").GetString().Should().Be("Echo: again");
        chat.Log.Text.Should().NotContain("MCP server npm is not available");
    }

    [Theory]
    [InlineData(Way.Stdio)]
    [InlineData(Way.Http)]
    public async Task A_server_that_is_killed_in_a_call_costs_that_call_and_is_there_for_the_next(Way way)
    {
        using var server = await ServerAsync(way);
        var model = new ScriptedModel([ScriptedModel.Call(Long, ("duration", 600), ("steps", 3000))], [ScriptedModel.Call("own")], [ScriptedModel.Call("echo", ("message", "back"))]);
        await using var chat = await StartAsync(OptionsOf(way, server), model);
        var (ack, thread) = await chat.AskAsync();
        await ProgressAsync(chat);

        using var successor = await KillAsync(server);
        (await thread.WaitForRunEndAsync(ack.RunId!.Value).Soon()).Should().BeOfType<AgentCompleted>();

        var calls = chat.Frames.OfType<ToolCompleted>().ToList();
        calls[0].Error.Should().Contain("ended or could not be reached during the call");
        calls[1].Outcome.Should().Be(ToolOutcome.Succeeded);
        Content(calls[2]).Single().GetProperty("text").GetString().Should().Be("Echo: back");
        chat.Log.Text.Should().Contain("MCP server npm is not available");
    }

    [Fact]
    public async Task Files_are_read_at_once_and_written_with_approval_and_others_are_out_of_reach()
    {
        using var files = new TestDirectory();
        await File.WriteAllTextAsync(Path.Combine(files.Path, "note.txt"), "A note.");
        var model = new ScriptedModel(
            [ScriptedModel.Call("read_text_file", ("path", Path.Combine(files.Path, "note.txt")))],
            [ScriptedModel.Call("write_file", ("path", Path.Combine(files.Path, "new.txt")), ("content", "New."))],
            [ScriptedModel.Call("read_text_file", ("path", "/etc/passwd"))]);
        await using var chat = await StartAsync(ReferenceServers.Program(ReferenceServers.Filesystem, files.Path), model);

        var (ack, thread) = await chat.AskAsync();
        var required = (ApprovalRequired)await thread.WaitForAsync(threadEvent => threadEvent is ApprovalRequired).Soon();
        required.Tool.Should().Be("write_file");
        File.Exists(Path.Combine(files.Path, "new.txt")).Should().BeFalse();
        await chat.Connection.DecideAsync(required, ApprovalDecision.Approve).Soon();
        await thread.WaitForRunEndAsync(ack.RunId!.Value).Soon();

        (await File.ReadAllTextAsync(Path.Combine(files.Path, "new.txt"))).Should().Be("New.");
        var calls = chat.Frames.OfType<ToolCompleted>().ToList();
        calls[0].Result!.Value.GetRawText().Should().Contain("A note.");
        (calls[2].Outcome, calls[2].Error!).Should().Match<(ToolOutcome Outcome, string Error)>(call => call.Outcome == ToolOutcome.Failed && call.Error.Contains("denied", StringComparison.Ordinal));
        chat.Frames.OfType<ApprovalRequired>().Should().ContainSingle();
    }

    [Fact]
    [Trait("failure", "M18")]
    public async Task A_program_gets_its_own_variables_and_no_key_of_this_process()
    {
        var server = ReferenceServers.Program(ReferenceServers.Everything);
        server.Environment["SHOP"] = "books";
        server.EnvironmentFrom["SHOP_TOKEN"] = "TokenOfTheShop";
        Environment.SetEnvironmentVariable("MODEL_KEY_OF_THIS_PROCESS", "model-key-77");
        await using var chat = await StartAsync(server, Calling("get-env"), new Dictionary<string, string?> { ["TokenOfTheShop"] = "shop-token-42" });

        var text = Content(await chat.CallAsync()).Single().GetProperty("text").GetString();

        text.Should().Contain("\"SHOP\": \"books\"").And.Contain("\"SHOP_TOKEN\": \"***\"").And.Contain("\"PATH\"").And.NotContain("MODEL_KEY").And.NotContain("model-key-77");
        (chat.Log.Text + string.Concat(chat.Frames.OfType<ToolCompleted>().Select(call => call.Result))).Should().NotContain("shop-token-42");
    }

    [Fact]
    public async Task No_program_outlives_the_application()
    {
        IReadOnlyList<int> running;
        await using (var chat = await StartAsync(ReferenceServers.Program(ReferenceServers.Everything), Calling("echo", ("message", "hi"))))
        {
            await chat.CallAsync();
            running = ReferenceServers.Running("server-everything/dist/index.js");
            running.Should().NotBeEmpty();
        }

        running.Should().OnlyContain(pid => !Directory.Exists($"/proc/{pid}"));
    }

    private static async Task<HttpServer?> ServerAsync(Way way) => way == Way.Http ? await ReferenceServers.ListenAsync() : null;

    private static McpServerOptions OptionsOf(Way way, HttpServer? server) => way == Way.Http
        ? new McpServerOptions { Url = server!.Url, StartWait = Clients.Patience, StartTimeout = Clients.Patience }
        : ReferenceServers.Program(ReferenceServers.Everything);

    /// <summary>Kills the server; one at an address gets a successor there, as a program does by itself.</summary>
    private static async Task<HttpServer?> KillAsync(HttpServer? server)
    {
        if (server is not null)
        {
            server.Kill();
            return await ReferenceServers.ListenAsync(server.Port);
        }

        foreach (var pid in ReferenceServers.Running("server-everything/dist/index.js"))
        {
            using var process = System.Diagnostics.Process.GetProcessById(pid);
            process.Kill();
        }

        return null;
    }

    private static async Task<ToolProgress> ProgressAsync(McpChat chat)
    {
        using var deadline = new CancellationTokenSource(Clients.Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            if (chat.Frames.OfType<ToolProgress>().FirstOrDefault() is { } progress)
            {
                return progress;
            }

            await timer.WaitForNextTickAsync(deadline.Token);
        }
    }

    private static IReadOnlyList<JsonElement> Content(ToolCompleted call) => call.Result is { } result ? [.. result.GetProperty("content").EnumerateArray()] : throw new InvalidOperationException(call.Error);
}
