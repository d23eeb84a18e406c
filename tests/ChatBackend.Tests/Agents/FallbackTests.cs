using ChatBackend.Agents;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Http;
using static ChatBackend.Tests.Agents.ModelServer;

namespace ChatBackend.Tests.Agents;

/// <summary>Another agent's model answers where the own one is not available.</summary>
public sealed class FallbackTests
{
    [Theory]
    [InlineData(503, RunFailure.ModelUnavailable)]
    [InlineData(429, RunFailure.ModelRateLimited)]
    public async Task An_agent_whose_model_is_not_available_is_answered_by_its_fallback_with_its_own_instructions(int status, RunFailure code)
    {
        await using var down = await StartAsync(context => RefuseAsync(context, status));
        await using var other = await StartAsync((context, body) => body.GetProperty("messages").EnumerateArray().Last().GetProperty("role").GetString() == "tool"
            ? AnswerAsync(context)
            : SendAsync(context, Chunk("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"clock","arguments":"{}"}}]}"""), Chunk("{}", "\"tool_calls\""), "[DONE]"));
        await using var server = ServerOf(down, other);
        await using var client = await server.ConnectAsync();

        var end = await client.EndOfAsync(await client.Connection.ChatAsync("Hi").Soon());

        end.Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("hi");
        client.Frames.All().OfType<RunEvent>().Select(threadEvent => threadEvent.GetType()).Should().Equal(
            typeof(AgentStarted), typeof(AgentFallback), typeof(ToolExecuting), typeof(ToolCompleted), typeof(AgentCompleted));
        client.Frames.All().OfType<AgentFallback>().Single().Should().BeEquivalentTo(new { Agent = "backup", Code = code });
        down.Requests.Should().ContainSingle("the rest of the run is the fallback's");
        other.Requests[0].Body.GetProperty("messages")[0].GetProperty("content").GetString().Should().Be("Be brief.");
    }

    [Theory]
    [InlineData(401)]
    [InlineData(400)]
    public async Task What_would_not_heal_is_told_and_not_hidden_by_a_fallback(int status)
    {
        await using var wrong = await StartAsync(context => RefuseAsync(context, status));
        await using var other = await StartAsync(AnswerAsync);
        await using var server = ServerOf(wrong, other);
        await using var client = await server.ConnectAsync();

        var end = await client.EndOfAsync(await client.Connection.ChatAsync("Hi").Soon());

        end.Should().BeOfType<AgentFailed>().Which.Code.Should().Be(RunFailure.ModelRejected);
        other.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task An_answer_that_has_begun_is_not_begun_again_by_another_model()
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var cut = await StartAsync(async context =>
        {
            await SendAsync(context, Text("so far"));
            await seen.Task;
            context.Abort();
        });
        await using var other = await StartAsync(AnswerAsync);
        await using var server = ServerOf(cut, other);
        await using var client = await server.ConnectAsync();

        var ack = await client.Connection.ChatAsync("Hi").Soon();
        await client.Frames.UntilAsync<AgentDelta>();
        seen.SetResult();

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentFailed>().Which.Content.Should().Be("so far");
        other.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task Where_the_fallback_fails_too_the_run_fails_once()
    {
        await using var down = await StartAsync(context => RefuseAsync(context, 503));
        await using var server = ServerOf(down, down);
        await using var client = await server.ConnectAsync();

        var end = await client.EndOfAsync(await client.Connection.ChatAsync("Hi").Soon());

        end.Should().BeOfType<AgentFailed>().Which.Code.Should().Be(RunFailure.ModelUnavailable);
        client.Frames.All().OfType<AgentFallback>().Should().ContainSingle();
    }

    [Fact]
    [Trait("failure", "M4")]
    public async Task A_fallback_is_shown_what_its_own_context_has_room_for()
    {
        var isDown = false;
        await using var first = await StartAsync(context => isDown ? RefuseAsync(context, 503) : AnswerAsync(context));
        await using var other = await StartAsync(AnswerAsync);
        await using var server = ServerOf(first, other, ("Agents:List:1:ContextTokens", "1000"));
        await using var client = await server.ConnectAsync();
        ThreadId? thread = null;
        for (var turn = 0; turn < 4; turn++)
        {
            isDown = turn == 3;
            var ack = await client.Connection.ChatAsync(string.Concat(Enumerable.Repeat($"turn {turn} ", 90)), thread).Soon();
            thread = ack.ThreadId;
            (await client.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>();
        }

        first.Requests[^1].Body.GetProperty("messages").GetArrayLength().Should().Be(8);
        other.Requests.Single().Body.GetProperty("messages").GetArrayLength().Should().Be(4, "the instructions, one exchange and the question");
        client.Frames.All().OfType<AgentContextTrimmed>().Should().ContainSingle().Which.Should().BeEquivalentTo(new { Agent = "backup", Exchanges = 2, Results = 0 });
    }

    [Fact]
    public void A_transcript_says_who_answered()
    {
        var transcript = new ThreadTranscript();
        transcript.Apply(new AgentStarted { ThreadId = new("thr_1"), Seq = 1, RunId = new("run_1"), Agent = "helper", MessageId = new("msg_1") });
        transcript.Apply(new AgentFallback { ThreadId = new("thr_1"), Seq = 2, RunId = new("run_1"), Agent = "backup", Code = RunFailure.ModelUnavailable });

        transcript.Entries.OfType<RunEntry>().Single().Should().BeEquivalentTo(new { Agent = "helper", AnsweredBy = "backup" });
    }

    private static Task AnswerAsync(HttpContext context) => SendAsync(context, Text("hi"), Chunk("{}", "\"stop\""), "[DONE]");

    private static Task RefuseAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.RetryAfter = "3600"; // so that it is not repeated
        return Task.CompletedTask;
    }

    private static ChatServer ServerOf(ModelServer first, ModelServer second, params (string, string)[] more) => new([
        ("Agents:Default", "helper"), ("Agents:List:0:Name", "helper"), ("Agents:List:0:Endpoint", first.Endpoint), ("Agents:List:0:Model", "small"),
        ("Agents:List:0:Fallback", "backup"), ("Agents:List:0:Instructions", "Be brief."), ("Agents:List:0:Tools:0", "clock"),
        ("Agents:List:1:Name", "backup"), ("Agents:List:1:Endpoint", second.Endpoint), ("Agents:List:1:Model", "other"), ("Agents:List:1:Instructions", "Be long."), .. more]);
}
