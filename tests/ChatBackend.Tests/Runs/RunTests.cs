using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Runs;

/// <summary>Every run has one start and one end, whatever model and tools do; pings and stops are answered meanwhile.</summary>
public sealed class RunTests
{
    private const string HangingTool = """{"steps":[{"say":"so far"},{"tool":"hang","ms":600000}]}""";
    private const string DeafTool = """{"steps":[{"say":"so far"},{"tool":"hang","ms":20000,"ignore_cancel":true}]}""";
    private const string DeafModel = """{"steps":[{"say":"so far"},{"wait_ms":20000,"ignore_cancel":true}]}""";
    private const string Streaming = """{"steps":[{"say":"0123456789012345678901234567890123456789","chunks":40,"every_ms":500}]}""";

    [Theory]
    [InlineData(HangingTool)]
    [InlineData(DeafTool)]
    [InlineData(DeafModel)]
    [InlineData(Streaming)]
    [Trait("failure", "D33")]
    [Trait("failure", "D21")]
    [Trait("failure", "P2")]
    public async Task A_ping_is_answered_and_a_stop_ends_the_run_while_it_is_busy(string script)
    {
        await using var server = new ChatServer(("Runs:StopBound", "00:00:00.5"));
        await using var client = await server.ConnectAsync();
        var ack = await client.PlayAsync(script);
        await client.Frames.UntilAsync<ServerFrame>(frame => frame is ToolExecuting or AgentDelta);

        await client.Connection.PingAsync().Soon();
        var stopped = await client.Connection.StopAsync(ack.ThreadId!.Value).Soon();

        stopped.RunId.Should().Be(ack.RunId);
        var end = await client.EndOfAsync(ack);
        end.Should().BeOfType<AgentStopped>().Which.Reason.Should().Be(StopReason.User);
        await OnlyOneEndAndNothingAfterAsync(client, ack);
    }

    [Fact]
    [Trait("failure", "D33")]
    [Trait("failure", "D34")]
    public async Task A_run_is_never_awaited_on_the_receive_loop()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var ack = await client.PlayAsync(HangingTool);
        await client.Frames.UntilAsync<ToolExecuting>();

        await client.Connection.PingAsync().Soon();

        client.Frames.All().OfType<RunEvent>().Should().OnlyContain(threadEvent => threadEvent is AgentStarted || threadEvent is AgentPart || threadEvent is ToolExecuting);
        await client.Connection.StopAsync(ack.ThreadId!.Value).Soon();
    }

    [Fact]
    [Trait("failure", "D18")]
    [Trait("failure", "D21")]
    public async Task A_stop_keeps_what_was_said_and_gives_up_the_open_tool()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var inTool = await client.PlayAsync(HangingTool);
        await client.Frames.UntilAsync<ToolExecuting>();
        await client.Connection.StopAsync(inTool.ThreadId!.Value).Soon();
        await client.EndOfAsync(inTool);
        var inText = await client.PlayAsync("""{"steps":[{"think":"hm"},{"say":"half"},{"wait_ms":600000}]}""", inTool.ThreadId);
        await client.Frames.UntilAsync<AgentDelta>(delta => delta.Text == "half");
        await client.Connection.StopAsync(inTool.ThreadId!.Value).Soon();
        var end = (AgentStopped)await client.EndOfAsync(inText);

        client.Frames.All().OfType<ToolCompleted>().Should().ContainSingle().Which.Outcome.Should().Be(ToolOutcome.Abandoned);
        client.Frames.All().OfType<AgentPart>().Select(part => part.Text).Should().Equal("so far", "hm");
        end.Content.Should().Be("half");
        end.PartId.Should().Be(client.Frames.All().OfType<AgentDelta>().Last().PartId);
    }

    [Fact]
    [Trait("failure", "D18")]
    [Trait("failure", "D19")]
    [Trait("failure", "A22")]
    public async Task A_model_that_throws_fails_the_run_keeps_its_text_and_tells_no_internals()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();

        var ack = await client.PlayAsync("""{"steps":[{"say":"so far"},{"crash":"secret-internals"}]}""");
        var end = (AgentFailed)await client.EndOfAsync(ack);

        end.Code.Should().Be(RunFailure.Internal);
        end.Content.Should().Be("so far");
        end.Message.Should().NotContain("secret-internals");
        await OnlyOneEndAndNothingAfterAsync(client, ack);
    }

    [Fact]
    [Trait("failure", "D18")]
    public async Task A_tool_that_throws_is_completed_as_failed_and_the_run_goes_on()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();

        var ack = await client.PlayAsync("""{"steps":[{"tool":"bad","fail":true},{"tool":"good","result":{"n":1}},{"say":"done"}]}""");
        (await client.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("done");

        var tools = client.Frames.All().OfType<ToolCompleted>().ToList();
        tools.Select(tool => tool.Outcome).Should().Equal(ToolOutcome.Failed, ToolOutcome.Succeeded);
        tools.Select(tool => tool.CallId).Should().Equal(client.Frames.All().OfType<ToolExecuting>().Select(tool => tool.CallId));
        tools[0].Error.Should().NotBeNullOrEmpty();
        tools[1].Result!.Value.GetProperty("n").GetInt32().Should().Be(1);
    }

    [Theory]
    [InlineData(HangingTool)]
    [InlineData(DeafModel)]
    [Trait("failure", "D20")]
    [Trait("failure", "D19")]
    public async Task A_run_that_takes_too_long_ends_with_timeout(string script)
    {
        await using var server = new ChatServer(("Runs:Timeout", "00:00:01"), ("Runs:StopBound", "00:00:00.5"));
        await using var client = await server.ConnectAsync();

        var ack = await client.PlayAsync(script);

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentFailed>().Which.Code.Should().Be(RunFailure.Timeout);
        await OnlyOneEndAndNothingAfterAsync(client, ack);
    }

    [Fact]
    [Trait("failure", "D20")]
    public async Task A_tool_that_takes_too_long_is_given_up_and_the_run_goes_on()
    {
        await using var server = new ChatServer(("Runs:ToolTimeout", "00:00:01"));
        await using var client = await server.ConnectAsync();

        var ack = await client.PlayAsync("""{"steps":[{"tool":"hang","ms":3000,"ignore_cancel":true},{"say":"without it"}]}""");

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("without it");
        client.Frames.All().OfType<ToolCompleted>().Should().ContainSingle().Which.Outcome.Should().Be(ToolOutcome.Failed);
    }

    [Fact]
    [Trait("failure", "D20")]
    public async Task A_run_that_wants_more_steps_than_its_budget_is_stopped()
    {
        await using var server = new ChatServer(("Runs:MaxSteps", "3"));
        await using var client = await server.ConnectAsync();

        var ack = await client.PlayAsync("""{"steps":[{"tool":"a"},{"tool":"b"},{"tool":"c"},{"tool":"d"},{"say":"never"}]}""");

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentStopped>().Which.Reason.Should().Be(StopReason.Budget);
        client.Frames.All().OfType<ToolCompleted>().Select(tool => tool.Tool).Should().Equal("a", "b", "c");
    }

    [Fact]
    [Trait("failure", "P1")]
    [Trait("failure", "D14")]
    public async Task A_run_outlives_its_sockets()
    {
        await using var server = new ChatServer();
        var guest = await server.GuestAsync();
        var client = await server.ConnectAsync(guest);
        var ack = await client.PlayAsync($$"""{"steps":[{"tool":"long","ms":{{ShiftedTime.Gate}}},{"say":"there you are"}]}""");
        await client.Frames.UntilAsync<ToolExecuting>();
        client.Connection.Abort();
        await server.UntilGaugeAsync("chat_connections", 0);
        server.Clock.OpenGates();

        await using var later = await server.ConnectAsync(guest);
        await later.Connection.FollowAsync(ack.ThreadId!.Value);

        (await later.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("there you are");
        later.Frames.All().OfType<ThreadEvent>().Select(threadEvent => threadEvent.Seq).Should().Equal(1, 2, 3, 4, 5);
    }

    [Fact]
    [Trait("failure", "D22")]
    [Trait("failure", "P3")]
    public async Task The_deltas_of_each_part_join_to_its_text_and_no_emoji_is_torn()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var text = string.Concat(Enumerable.Repeat("a😀é漢", 200));

        var ack = await client.PlayAsync($$"""{"steps":[{"think":"{{text}}","chunks":333},{"say":"{{text}}","chunks":399},{"tool":"t"},{"say":"{{text}}!","chunks":77}]}""");
        var end = (AgentCompleted)await client.EndOfAsync(ack);

        var joined = client.Frames.All().OfType<PartDelta>().GroupBy(delta => delta.PartId).ToDictionary(part => part.Key, part =>
        {
            part.Select(delta => delta.Offset).Should().Equal(part.Select((_, i) => part.Take(i).Sum(before => before.Text.Length)));
            return string.Concat(part.Select(delta => delta.Text));
        });
        var durable = client.Frames.All().OfType<AgentPart>().ToDictionary(part => part.PartId, part => part.Text);
        durable.Add(end.PartId!.Value, end.Content);
        joined.Should().BeEquivalentTo(durable);
        durable.Values.Should().Equal(text, text, text + "!");
    }

    /// <summary>After the end, one further exchange shows that nothing of the run came late.</summary>
    private static async Task OnlyOneEndAndNothingAfterAsync(TestClient client, Ack ack)
    {
        var next = await client.PlayAsync("""{"steps":[{"say":"next"}]}""", ack.ThreadId);
        await client.EndOfAsync(next);
        var frames = client.Frames.All();
        var ofRun = frames.Where(frame => frame is RunEvent threadEvent && threadEvent.RunId == ack.RunId || frame is PartDelta delta && delta.RunId == ack.RunId).ToList();
        ofRun.OfType<AgentStarted>().Should().ContainSingle();
        ofRun.Should().ContainSingle(frame => frame is AgentCompleted || frame is AgentStopped || frame is AgentFailed);
        ofRun[^1].Should().Match(frame => frame is AgentStopped || frame is AgentFailed);
        ofRun.OfType<ToolExecuting>().Select(tool => tool.CallId).Should().Equal(ofRun.OfType<ToolCompleted>().Select(tool => tool.CallId));
        frames.OfType<ThreadEvent>().Select(threadEvent => threadEvent.Seq).Should().Equal(Enumerable.Range(1, frames.OfType<ThreadEvent>().Count()).Select(seq => (long)seq));
    }
}
