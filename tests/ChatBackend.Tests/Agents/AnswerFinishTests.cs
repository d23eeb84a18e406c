using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using static ChatBackend.Tests.Agents.ModelServer;

namespace ChatBackend.Tests.Agents;

/// <summary>A cut, refused or empty answer does not pass for a whole one.</summary>
[Trait("failure", "M1")]
public sealed class AnswerFinishTests
{
    private const string Counts = """{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":5},"completion_tokens_details":{"reasoning_tokens":2}}}""";

    [Theory]
    [InlineData("""{"content":"Half of"}""", "length", "Half of", AnswerFinish.Length)]
    [InlineData("""{"content":"Half of"}""", "content_filter", "Half of", AnswerFinish.ContentFilter)]
    [InlineData("""{"content":null,"refusal":"I cannot help with that."}""", "stop", "I cannot help with that.", AnswerFinish.Refusal)]
    [InlineData("""{"content":"No."}""", "refusal", "No.", AnswerFinish.Refusal)]
    [InlineData("""{"content":""}""", "stop", "", AnswerFinish.Empty)]
    [InlineData("""{"reasoning_content":"Let me see"}""", "stop", "", AnswerFinish.Empty)]
    [InlineData("""{"content":"All of it."}""", "stop", "All of it.", AnswerFinish.Complete)]
    public async Task The_end_of_a_run_says_how_its_answer_ended(string delta, string finish, string content, AnswerFinish expected)
    {
        await using var provider = await StartAsync(context => SendAsync(context, Chunk(delta), Chunk("{}", $"\"{finish}\""), Counts, "[DONE]"));
        await using var server = ServerOf(provider);
        await using var client = await server.ConnectAsync();

        var ack = await client.Connection.ChatAsync("Hi").Soon();

        var end = (await client.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>().Subject;
        (end.Content, end.Finish).Should().Be((content, expected));
        end.Usage.Should().Be(new TokenUsage { InputTokens = 7, OutputTokens = 3, CachedTokens = 5, ReasoningTokens = 2 });
    }

    [Fact]
    [Trait("failure", "M10")]
    public async Task A_run_that_is_stopped_within_a_step_says_what_was_counted_until_then()
    {
        await using var provider = await StartAsync(async context =>
        {
            await SendAsync(context, Counted("a", 1), Counted("b", 2));
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        });
        await using var server = ServerOf(provider);
        await using var client = await server.ConnectAsync();
        var ack = await client.Connection.ChatAsync("Hi").Soon();
        await client.Frames.UntilAsync(frames => string.Concat(frames.OfType<AgentDelta>().Select(delta => delta.Text)) == "ab");

        await client.Connection.StopAsync(ack.ThreadId!.Value).Soon();

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentStopped>().Which.Usage.Should().Be(new TokenUsage { InputTokens = 7, OutputTokens = 2 });
    }

    [Fact]
    [Trait("failure", "M10")]
    public async Task A_run_whose_answer_breaks_off_says_what_was_counted_and_what_it_cost()
    {
        await using var provider = await StartAsync(context => SendAsync(context, Counted("a", 1), Counted("b", 2)));
        await using var server = ServerOf(provider, ("Agents:List:0:Price:Input", "2"), ("Agents:List:0:Price:Output", "10.5"));
        await using var client = await server.ConnectAsync();

        var ack = await client.Connection.ChatAsync("Hi").Soon();

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentFailed>().Which.Usage.Should().Be(new TokenUsage { InputTokens = 7, OutputTokens = 2, Cost = 0.000035m });
    }

    private static string Counted(string text, int tokens) =>
        $$$"""{"choices":[{"index":0,"delta":{"content":"{{{text}}}"}}],"usage":{"prompt_tokens":7,"completion_tokens":{{{tokens}}}}}""";

    private static ChatServer ServerOf(ModelServer provider, params (string, string)[] more) => new(
        [("Agents:List:0:Name", "small"), ("Agents:List:0:Endpoint", provider.Endpoint), ("Agents:List:0:Model", "small"), ("Agents:Default", "small"), .. more]);
}
