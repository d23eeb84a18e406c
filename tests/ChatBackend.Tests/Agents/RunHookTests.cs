using System.Collections.Concurrent;
using ChatBackend.Agents;
using ChatBackend.Protocol;
using ChatBackend.Testing;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using static ChatBackend.Testing.ScriptedModel;

namespace ChatBackend.Tests.Agents;

/// <summary>What an application may say at the turns of a run, and what becomes of it.</summary>
public sealed class RunHookTests
{
    private readonly ScriptedModel _model = new([Call("pay", ("amount", 7)), Call("shell")]);
    private readonly Notes _notes = new();

    [Fact]
    public async Task A_run_is_refused_with_a_message_before_the_model_is_asked()
    {
        await using var server = Server(hook => hook.Start = run => run.Refuse("Your quota is used up."));
        await using var client = await server.ConnectAsync();

        var end = await client.EndOfAsync(await client.Connection.ChatAsync("Pay").Soon());

        end.Should().BeOfType<AgentFailed>().Which.Should().BeEquivalentTo(new { Code = RunFailure.Refused, Message = "Your quota is used up.", Retryable = false });
        _model.Requests.Should().BeEmpty();
        (await _notes.EndAsync()).Should().Be(ChatRunOutcome.Failed);
    }

    [Fact]
    public async Task Context_is_added_behind_the_instructions_and_is_not_part_of_the_conversation()
    {
        await using var server = Server(hook => (hook.Start, hook.Calling) = (run => run.AddContext($"They wrote: {run.Message}"), _ => "Not now."));
        await using var client = await server.ConnectAsync();
        var first = await client.Connection.ChatAsync("One").Soon();
        await client.EndOfAsync(first);

        await client.EndOfAsync(await client.Connection.ChatAsync("Two", first.ThreadId).Soon());

        _model.Requests[0].Select(message => message.Text).Should().Equal("Be brief.\n\nThey wrote: One", "One");
        _model.Requests[3].Where(message => message.Role == ChatRole.System).Select(message => message.Text).Should().Equal("Be brief.\n\nThey wrote: Two");
    }

    [Fact]
    public async Task A_call_is_refused_before_anybody_is_asked_and_every_end_is_told()
    {
        await using var server = Server(hook => hook.Calling = call => call.Tool == "pay" ? $"Not {call.Argument<int>("amount")}." : null);
        await using var client = await server.ConnectAsync();

        var end = await client.EndOfAsync(await client.Connection.ChatAsync("Pay").Soon());

        end.Should().BeOfType<AgentCompleted>();
        client.Frames.All().OfType<ApprovalRequired>().Should().BeEmpty();
        client.Frames.All().OfType<ToolCompleted>().Select(tool => (tool.Tool, tool.Outcome, tool.Error)).Should().Equal(
            ("pay", ToolOutcome.Rejected, "Not 7."), ("shell", ToolOutcome.Failed, "No tool is called shell. The tools that there are: pay."));
        (await _notes.EndAsync()).Should().Be(ChatRunOutcome.Completed);
        _notes.Called.Should().Equal(("pay", ToolOutcome.Rejected), ("shell", ToolOutcome.Failed));
        _notes.Ends.Should().ContainSingle("it is told once");
    }

    [Fact]
    public async Task A_hook_that_breaks_refuses_what_it_could_have_refused_and_spoils_nothing_else()
    {
        await using var server = Server(hook =>
        {
            hook.Calling = _ => throw new InvalidOperationException("calling");
            hook.Done = () => throw new InvalidOperationException("done");
        });
        await using var client = await server.ConnectAsync();

        (await client.EndOfAsync(await client.Connection.ChatAsync("Pay").Soon())).Should().BeOfType<AgentCompleted>();
        client.Frames.All().OfType<ToolCompleted>().First().Should().BeEquivalentTo(new { Outcome = ToolOutcome.Rejected, Tool = "pay" });

        await using var broken = Server(hook => hook.Start = _ => throw new InvalidOperationException("start"));
        await using var other = await broken.ConnectAsync();
        (await other.EndOfAsync(await other.Connection.ChatAsync("Pay").Soon())).Should().BeOfType<AgentFailed>().Which.Code.Should().Be(RunFailure.Internal);
    }

    private ChatServer Server(Action<Hook> configure) => new(services =>
    {
        services.AddSingleton(configure).AddSingleton(_notes);
        services.AddChatBackend().AddRunHook<Hook>().AddAgent("payer", agent =>
        {
            agent.Instructions = "Be brief.";
            agent.UseModel(_model).AddTool("pay", (int amount) => amount, tool => tool.Approval = ChatToolApproval.Always);
        });
    });

    private sealed class Notes
    {
        private readonly TaskCompletionSource<ChatRunOutcome> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ConcurrentQueue<(string, ToolOutcome)> Called { get; } = [];

        public ConcurrentQueue<ChatRunOutcome> Ends { get; } = [];

        public Task<ChatRunOutcome> EndAsync() => _end.Task.Soon();

        public void End(ChatRunOutcome outcome)
        {
            Ends.Enqueue(outcome);
            _end.TrySetResult(outcome);
        }
    }

    private sealed class Hook : ChatRunHook
    {
        private readonly Notes _notes;

        public Hook(Notes notes, Action<Hook> configure)
        {
            _notes = notes;
            configure(this);
        }

        public Action<ChatRunStart>? Start { get; set; }

        public Func<ChatToolCall, string?>? Calling { get; set; }

        public Action? Done { get; set; }

        public override ValueTask RunStartingAsync(ChatRunStart run)
        {
            Start?.Invoke(run);
            return ValueTask.CompletedTask;
        }

        public override ValueTask<string?> ToolCallingAsync(ChatToolCall call) => ValueTask.FromResult(Calling?.Invoke(call));

        public override ValueTask ToolCalledAsync(ChatToolResult result)
        {
            Done?.Invoke();
            _notes.Called.Enqueue((result.Call.Tool, result.Outcome));
            return ValueTask.CompletedTask;
        }

        public override ValueTask RunEndedAsync(ChatRunEnd end)
        {
            Done?.Invoke();
            _notes.End(end.Outcome);
            return ValueTask.CompletedTask;
        }
    }
}
