using ChatBackend.Agents;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Testing;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.AI;
using static ChatBackend.Testing.ScriptedModel;

namespace ChatBackend.Tests.Agents;

/// <summary>An agent that calls another one: a run in a run, each with its one end.</summary>
[Trait("failure", "D3")]
public sealed class NestedRunTests
{
    private readonly ScriptedModel _editor = new([new TextContent("I ask. "), Call("researcher", ("task", "Find whales."))], [new TextContent("There are two.")]);

    [Fact]
    public async Task The_events_of_a_nested_run_carry_the_run_around_it_and_what_it_says_is_the_tools_result()
    {
        var researcher = new ScriptedModel([new TextReasoningContent("Hm."), Call("look")], [new TextContent("Two whales.")]);
        await using var server = Server(agent => agent.UseModel(researcher).AddTool("look", (ChatRunContext run) => $"{run.Agent} {run.ParentRunId}"));
        await using var client = await server.ConnectAsync();

        var ack = await client.Connection.ChatAsync("How many?").Soon();
        (await client.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("There are two.");

        var events = client.Frames.All().OfType<AgentEvent>().ToList();
        events.Select(threadEvent => (threadEvent.GetType(), threadEvent.ParentRunId is null)).Should().Equal(
            (typeof(AgentStarted), true), (typeof(AgentPart), true), (typeof(ToolExecuting), true),
            (typeof(AgentStarted), false), (typeof(AgentPart), false), (typeof(ToolExecuting), false), (typeof(ToolCompleted), false), (typeof(AgentCompleted), false),
            (typeof(ToolCompleted), true), (typeof(AgentCompleted), true));
        var nested = events.Where(threadEvent => threadEvent.ParentRunId is not null).ToList();
        nested.Should().AllSatisfy(threadEvent => threadEvent.ParentRunId.Should().Be(ack.RunId));
        nested.Select(threadEvent => threadEvent.RunId).Distinct().Should().ContainSingle().Which.Should().NotBe(ack.RunId!.Value);
        nested.OfType<AgentStarted>().Single().Should().BeEquivalentTo(new { Agent = "researcher", MessageId = ack.MessageId!.Value });
        nested.OfType<ToolCompleted>().Single().Result!.Value.GetString().Should().Be($"researcher {ack.RunId}");
        events.OfType<ToolCompleted>().Last().Result!.Value.GetString().Should().Be("Two whales.");
        researcher.Requests[0].Select(message => message.Text).Should().Equal("You look things up.", "Find whales.");
        client.Frames.All().OfType<PartDelta>().Should().OnlyContain(delta => delta.RunId == ack.RunId!.Value);

        // The next run is shown the call and its result, and nothing that was said inside it.
        await client.EndOfAsync(await client.Connection.ChatAsync("Sure?", ack.ThreadId).Soon());
        _editor.Requests[2].Select(message => message.Text).Should().Equal("How many?", "I ask. ", "", "There are two.", "Sure?");
        var transcript = client.Connection.FollowerOf(ack.ThreadId!.Value).Transcript;
        transcript.Entries.OfType<RunEntry>().Select(run => run.ParentRunId is null).Should().Equal(true, false, true, false);
    }

    [Fact]
    [Trait("failure", "M4")]
    public async Task What_has_no_room_in_the_context_of_a_nested_run_is_told_in_it()
    {
        var researcher = new ScriptedModel([Call("look")]);
        await using var server = Server(agent =>
        {
            agent.ContextTokens = 4000;
            agent.UseModel(researcher).AddTool("look", () => new string('x', 5000));
        });
        await using var client = await server.ConnectAsync();

        await client.EndOfAsync(await client.Connection.ChatAsync("How many?").Soon());

        client.Frames.All().OfType<AgentContextTrimmed>().Should().ContainSingle().Which.Should().BeEquivalentTo(
            new { Agent = "researcher", FromMessageId = (MessageId?)null, Exchanges = 0, Results = 1 });
        client.Frames.All().OfType<AgentContextTrimmed>().Single().ParentRunId.Should().NotBeNull();
        researcher.Requests[1].SelectMany(message => message.Contents).OfType<FunctionResultContent>().Single().Result!.ToString()!.Length.Should().BeLessThan(2000);
    }

    [Fact]
    public async Task A_stop_ends_both_with_one_terminal_event_each()
    {
        await using var server = Server(agent => agent.UseModel(new ScriptedModel([Call("wait")])).AddTool(
            "wait", (CancellationToken token) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token)));
        await using var client = await server.ConnectAsync();
        var ack = await client.Connection.ChatAsync("How many?").Soon();
        await client.Frames.UntilAsync<ToolExecuting>(executing => executing.Tool == "wait");

        await client.Connection.StopAsync(ack.ThreadId!.Value).Soon();
        await client.EndOfAsync(ack);

        client.Frames.All().OfType<AgentEvent>().SkipWhile(threadEvent => threadEvent is not ToolExecuting { Tool: "wait" }).Skip(1)
            .Select(threadEvent => (threadEvent.GetType(), threadEvent.ParentRunId is null, (threadEvent as ToolCompleted)?.Outcome)).Should().Equal(
                (typeof(ToolCompleted), false, ToolOutcome.Abandoned), (typeof(AgentStopped), false, null),
                (typeof(ToolCompleted), true, ToolOutcome.Abandoned), (typeof(AgentStopped), true, null));
        client.Frames.All().OfType<AgentStopped>().Should().AllSatisfy(stopped => stopped.Reason.Should().Be(StopReason.User));
        client.Frames.All().OfType<AgentStopped>().Last().SideEffects.Should().HaveCount(2, "what the nested run began may have had its effect");
    }

    [Fact]
    public async Task A_nested_run_has_a_budget_of_its_own_and_the_run_around_it_goes_on()
    {
        await using var server = Server(agent =>
        {
            agent.UseModel(new ScriptedModel([Call("look")], [Call("look")])).AddTool("look", () => 1);
            agent.MaxSteps = 1;
        });
        await using var client = await server.ConnectAsync();

        (await client.EndOfAsync(await client.Connection.ChatAsync("How many?").Soon())).Should().BeOfType<AgentCompleted>();

        client.Frames.All().OfType<AgentStopped>().Should().ContainSingle().Which.Should().Match<AgentStopped>(stopped => stopped.Reason == StopReason.Budget && stopped.ParentRunId != null);
        client.Frames.All().OfType<ToolCompleted>().Last().Should().BeEquivalentTo(new { Tool = "researcher", Outcome = ToolOutcome.Failed, Error = "The agent researcher used up what it may use." });
    }

    [Fact]
    public async Task A_nested_run_that_takes_too_long_or_fails_is_ended_and_the_run_around_it_is_told()
    {
        await using var server = Server(agent =>
        {
            agent.UseModel(new ScriptedModel([Call("wait")])).AddTool("wait", (CancellationToken token) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token));
            agent.Timeout = TimeSpan.FromMilliseconds(100);
        });
        await using var client = await server.ConnectAsync();

        (await client.EndOfAsync(await client.Connection.ChatAsync("How many?").Soon())).Should().BeOfType<AgentCompleted>();

        var failed = client.Frames.All().OfType<AgentFailed>().Should().ContainSingle().Subject;
        (failed.Code, failed.ParentRunId is null).Should().Be((RunFailure.Timeout, false));
        client.Frames.All().OfType<ToolCompleted>().Select(tool => (tool.Tool, tool.Outcome)).Should().Equal(("wait", ToolOutcome.Abandoned), ("researcher", ToolOutcome.Failed));
    }

    [Theory]
    [InlineData(ApprovalDecision.Approve, ToolOutcome.Succeeded)]
    [InlineData(ApprovalDecision.Reject, ToolOutcome.Rejected)]
    public async Task A_tool_of_a_nested_run_may_ask_for_approval(ApprovalDecision decision, ToolOutcome outcome)
    {
        await using var server = Server(agent => agent.UseModel(new ScriptedModel([Call("pay")], [new TextContent("Paid.")]))
            .AddTool("pay", () => 1, tool => tool.Approval = ChatToolApproval.Always));
        await using var client = await server.ConnectAsync();
        var ack = await client.Connection.ChatAsync("Pay").Soon();
        var required = await client.Frames.UntilAsync<ApprovalRequired>();
        required.ParentRunId.Should().Be(ack.RunId);

        await client.Connection.DecideAsync(required, decision).Soon();

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>();
        client.Frames.All().OfType<ApprovalDecided>().Single().Should().BeEquivalentTo(new { required.RunId, required.ParentRunId });
        client.Frames.All().OfType<ToolCompleted>().First().Should().BeEquivalentTo(new { Tool = "pay", Outcome = outcome });
    }

    [Fact]
    public async Task A_process_that_ends_leaves_neither_run_without_its_end()
    {
        var data = Directory.CreateTempSubdirectory("chat-nested-");
        try
        {
            static void Waiting(ChatAgentBuilder agent) => agent.UseModel(new ScriptedModel([Call("pay")])).AddTool("pay", () => 1, tool => tool.Approval = ChatToolApproval.Always);
            var server = new ChatServer(data, services => Agents(services.AddChatBackend(), Waiting));
            var client = await server.ConnectAsync();
            var ack = await client.Connection.ChatAsync("Pay").Soon();
            await client.Frames.UntilAsync<ApprovalRequired>();
            await server.DisposeAsync();

            await using var next = new ChatServer(data, services => Agents(services.AddChatBackend(), Waiting));
            await using var later = await next.ConnectAsync(client.Guest);
            await later.Connection.FollowAsync(ack.ThreadId!.Value).Soon();

            var ends = later.Frames.All().OfType<AgentEvent>().Where(threadEvent => threadEvent is AgentFailed).Cast<AgentFailed>().ToList();
            ends.Select(failed => (failed.Code, failed.ParentRunId is null)).Should().Equal((RunFailure.Interrupted, false), (RunFailure.Interrupted, true));
            await client.DisposeAsync();
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private ChatServer Server(Action<ChatAgentBuilder> researcher) => new(services => Agents(services.AddChatBackend(), researcher));

    private void Agents(IChatBackendBuilder chat, Action<ChatAgentBuilder> researcher) => chat
        .AddAgent("editor", agent => agent.UseModel(_editor).AddAgentTool("researcher", "Looks things up."))
        .AddAgent("researcher", agent =>
        {
            agent.Instructions = "You look things up.";
            researcher(agent);
        });
}
