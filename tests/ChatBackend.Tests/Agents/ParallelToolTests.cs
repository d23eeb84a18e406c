using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Testing;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using static ChatBackend.Testing.ScriptedModel;

namespace ChatBackend.Tests.Agents;

/// <summary>Calls of one step that run at the same time, because their tools say that they may.</summary>
public sealed class ParallelToolTests
{
    [Fact]
    public async Task Neighbouring_calls_that_may_run_at_the_same_time_do_and_others_do_not()
    {
        var (inside, most) = (0, 0);
        var both = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        async Task<int> Together(int n)
        {
            if (Interlocked.Increment(ref inside) == 2)
            {
                both.TrySetResult();
            }

            await both.Task;
            Interlocked.Decrement(ref inside);
            return n;
        }

        async Task<int> Alone(int n)
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            await Task.Yield();
            Interlocked.Decrement(ref inside);
            return n;
        }

        var model = new ScriptedModel([Call("together", ("n", 1)), Call("together", ("n", 2)), Call("alone", ("n", 3)), Call("alone", ("n", 4))]);
        await using var server = new ChatServer(services => services.AddChatBackend()
            .AddTool("together", Together, tool => tool.RunsInParallel = true)
            .AddAgent("support", agent => agent.UseModel(model).UseTool("together").AddTool("alone", Alone)));
        await using var client = await server.ConnectAsync();

        var first = await client.Connection.ChatAsync("Go").Soon();
        (await client.EndOfAsync(first)).Should().BeOfType<AgentCompleted>();

        most.Should().Be(1);
        var results = model.Requests[1][^1].Contents.OfType<FunctionResultContent>().Select(result => ((JsonElement)result.Result!).GetInt32());
        results.Should().Equal([1, 2, 3, 4], "the model is told in the order in which it asked");
        var events = client.Frames.All().OfType<RunEvent>().ToList();
        events.Take(3).Select(threadEvent => threadEvent.GetType()).Should().Equal(typeof(AgentStarted), typeof(ToolExecuting), typeof(ToolExecuting));

        // What was asked for in one answer is shown to the next run in one, whichever ran at the same time.
        await client.EndOfAsync(await client.Connection.ChatAsync("Again", first.ThreadId).Soon());
        var calls = model.Requests[2].First(message => message.Contents.Any(content => content is FunctionCallContent));
        calls.Contents.OfType<FunctionCallContent>().Should().HaveCount(4);
    }

    [Fact]
    public async Task Three_calls_are_inside_of_their_tool_at_once_and_every_follower_sees_their_events_in_the_same_order()
    {
        var inside = 0;
        TaskCompletionSource all = Signal(), followed = Signal();
        async Task<int> Meet(int n)
        {
            if (Interlocked.Increment(ref inside) == 3)
            {
                all.SetResult();
            }

            await all.Task; // not one of them ends before all have begun
            await followed.Task;
            return n;
        }

        await using var server = MeetingIn(Meet);
        await using var one = await server.ConnectAsync();
        var ack = await one.Connection.ChatAsync("Go").Soon();
        await all.Task.Soon();
        await using var other = await server.ConnectAsync(one.Guest);
        await other.Connection.FollowAsync(ack.ThreadId!.Value, 0).Soon();
        followed.SetResult();

        foreach (var client in new[] { one, other })
        {
            (await client.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>();
            var events = client.Frames.All().OfType<ThreadEvent>().ToList();
            events.Select(threadEvent => threadEvent.Seq).Should().Equal(Enumerable.Range(1, events.Count).Select(seq => (long)seq));
            var begun = events.OfType<ToolExecuting>().ToList();
            begun.Select(call => call.Arguments.GetProperty("n").GetInt32()).Should().Equal([1, 2, 3], "they begin in the order of the calls");
            events.OfType<ToolCompleted>().Select(call => call.CallId).Should().BeEquivalentTo(begun.Select(call => call.CallId));
            events.OfType<ToolCompleted>().Min(call => call.Seq).Should().BeGreaterThan(begun.Max(call => call.Seq));
        }
    }

    [Fact]
    public async Task A_stop_ends_all_calls_that_are_under_way()
    {
        var (inside, cancelled) = (0, 0);
        TaskCompletionSource all = Signal(), none = Signal();
        async Task<int> Wait(int n, CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref inside) == 3)
            {
                all.SetResult();
            }

            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            }
            finally
            {
                if (Interlocked.Increment(ref cancelled) == 3)
                {
                    none.SetResult();
                }
            }

            return n;
        }

        await using var server = MeetingIn(Wait);
        await using var client = await server.ConnectAsync();
        var ack = await client.Connection.ChatAsync("Go").Soon();
        await all.Task.Soon();

        await client.Connection.StopAsync(ack.ThreadId!.Value).Soon();

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentStopped>().Which.SideEffects.Should().HaveCount(3);
        await none.Task.Soon();
        client.Frames.All().OfType<ToolCompleted>().Select(call => call.Outcome).Should().Equal(ToolOutcome.Abandoned, ToolOutcome.Abandoned, ToolOutcome.Abandoned);
    }

    [Fact]
    public async Task Calls_that_were_approved_run_at_the_same_time_too()
    {
        var inside = 0;
        var all = Signal();
        async Task<int> Meet(int n)
        {
            if (Interlocked.Increment(ref inside) == 3)
            {
                all.SetResult();
            }

            await all.Task;
            return n;
        }

        await using var server = MeetingIn(Meet, ("Tools:meet:Approval", "always"));
        await using var client = await server.ConnectAsync();
        var ack = await client.Connection.ChatAsync("Go").Soon();
        await client.Frames.UntilAsync(frames => frames.OfType<ApprovalRequired>().Count() == 3, "three questions");

        foreach (var asked in client.Frames.All().OfType<ApprovalRequired>().Reverse())
        {
            await client.Connection.DecideAsync(asked, ApprovalDecision.Approve).Soon();
        }

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>();
        client.Frames.All().OfType<ToolCompleted>().Should().HaveCount(3).And.OnlyContain(call => call.Outcome == ToolOutcome.Succeeded);
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static ChatServer MeetingIn(Delegate meet, params (string, string)[] settings)
    {
        var model = new ScriptedModel([Call("meet", ("n", 1)), Call("meet", ("n", 2)), Call("meet", ("n", 3))]);
        return new ChatServer(
            services => services.AddChatBackend().AddAgent("support", agent => agent.UseModel(model).AddTool("meet", meet, tool => tool.RunsInParallel = true)), settings);
    }

    [Fact]
    public async Task Calls_that_end_at_the_same_moment_are_each_recorded_once_although_an_append_is_in_doubt()
    {
        var (inside, faults) = (0, 0);
        var both = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        async Task Together()
        {
            if (Interlocked.Increment(ref inside) == 2)
            {
                both.SetResult();
            }

            await both.Task;
        }

        await using var server = new ChatServer(services =>
        {
            services.AddSingleton<IEventLog>(provider => new FaultyLog(provider.GetRequiredService<SqliteEventLog>())
            {
                FaultOf = append => append.Events.Any(IsToolCompleted) && Interlocked.Increment(ref faults) <= 2 ? AppendFault.After : null,
            });
            services.AddChatBackend().AddAgent(
                "support", agent => agent.UseModel(new ScriptedModel([Call("together"), Call("together")])).AddTool("together", Together, tool => tool.RunsInParallel = true));
        });
        await using var client = await server.ConnectAsync();

        (await client.EndOfAsync(await client.Connection.ChatAsync("Go").Soon())).Should().BeOfType<AgentCompleted>();

        var calls = client.Frames.All().OfType<ToolExecuting>().Select(call => call.CallId).ToList();
        calls.Should().HaveCount(2);
        client.Frames.All().OfType<ToolCompleted>().Select(tool => tool.CallId).Should().BeEquivalentTo(calls);
        faults.Should().BeGreaterThanOrEqualTo(2);

        static bool IsToolCompleted(LogEvent logged) => logged.Json.Span.IndexOf("tool_completed"u8) >= 0;
    }
}
