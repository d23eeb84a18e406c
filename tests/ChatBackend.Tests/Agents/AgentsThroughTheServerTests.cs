using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Http;
using static ChatBackend.Tests.Agents.ModelServer;

namespace ChatBackend.Tests.Agents;

public sealed class AgentsThroughTheServerTests
{
    [Fact]
    public async Task The_demo_answers_who_names_no_agent_and_calls_its_tool_first()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();

        var end = await client.EndOfAsync(await client.Connection.ChatAsync("What is 6 * 7?").Soon());

        end.Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("6 * 7 = 42");
        client.Frames.All().OfType<RunEvent>().Select(threadEvent => threadEvent.GetType())
            .Should().Equal(typeof(AgentStarted), typeof(ToolExecuting), typeof(ToolCompleted), typeof(AgentCompleted));
        client.Frames.All().OfType<ToolCompleted>().Single().Result!.Value.GetRawText().Should().Be("""{"expression":"6 * 7","result":"42"}""");
        client.Frames.All().OfType<AgentDelta>().Should().NotBeEmpty();
    }

    [Fact]
    public async Task A_search_finds_what_the_user_said_and_nothing_of_others()
    {
        await using var server = new ChatServer();
        await using var other = await server.ConnectAsync();
        await using var client = await server.ConnectAsync();
        await other.EndOfAsync(await other.Connection.ChatAsync("The whale of the other").Soon());
        await client.EndOfAsync(await client.Connection.ChatAsync("The whale of mine").Soon());
        await server.CatchUpSearchAsync();

        var end = await client.EndOfAsync(await client.Connection.ChatAsync("find whale").Soon());

        end.Should().BeOfType<AgentCompleted>().Which.Content.Should().Contain("The whale of mine").And.NotContain("other");
    }

    [Fact]
    [Trait("failure", "D21")]
    [Trait("failure", "P2")]
    public async Task A_stop_ends_the_providers_request()
    {
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var provider = await StartAsync(async context =>
        {
            context.RequestAborted.Register(aborted.SetResult);
            await SendAsync(context, Text("so far"));
            await aborted.Task;
        });
        await using var server = ServerOf(provider);
        await using var client = await server.ConnectAsync();
        var ack = await client.Connection.ChatAsync("Hi").Soon();
        await client.Frames.UntilAsync<AgentDelta>();

        await client.Connection.StopAsync(ack.ThreadId!.Value).Soon();

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentStopped>().Which.Content.Should().Be("so far");
        await aborted.Task.Soon();
    }

    [Fact]
    [Trait("failure", "A7")]
    public async Task What_the_provider_refuses_or_breaks_off_is_a_failure_and_nothing_answers_in_its_place()
    {
        var asked = 0;
        await using var provider = await StartAsync(async context =>
        {
            if (Interlocked.Increment(ref asked) > 1)
            {
                await SendAsync(context, Text("so far"));
                return;
            }

            context.Response.StatusCode = 401;
            await context.Response.WriteAsync("""{"error":{"message":"the key sk-secret is wrong"}}""", context.RequestAborted);
        });
        await using var server = ServerOf(provider);
        await using var client = await server.ConnectAsync();

        var refused = await client.EndOfAsync(await client.Connection.ChatAsync("Hi").Soon());
        var cut = await client.EndOfAsync(await client.Connection.ChatAsync("Hi").Soon());

        var failed = refused.Should().BeOfType<AgentFailed>().Subject;
        (failed.Code, failed.Retryable).Should().Be((RunFailure.ModelRejected, false));
        failed.Message.Should().NotContain("secret");
        cut.Should().BeOfType<AgentFailed>().Which.Should().BeEquivalentTo(new { Code = RunFailure.ModelUnavailable, Retryable = true, Content = "so far" });
    }

    private static ChatServer ServerOf(ModelServer provider) => new(
        ("Agents:Default", "helper"), ("Agents:List:0:Name", "helper"), ("Agents:List:0:Endpoint", provider.Endpoint), ("Agents:List:0:Model", "small"));
}
