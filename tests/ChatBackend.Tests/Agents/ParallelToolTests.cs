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

        // What ran at the same time is shown to the next run as it was asked for: no call of a model may lack its result.
        await client.EndOfAsync(await client.Connection.ChatAsync("Again", first.ThreadId).Soon());
        var calls = model.Requests[2].First(message => message.Contents.Any(content => content is FunctionCallContent));
        calls.Contents.OfType<FunctionCallContent>().Should().HaveCount(2);
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
