using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Tests.Agents;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Threads;

/// <summary>A message that takes another's place: the log keeps both, the model sees one.</summary>
public sealed class ReplaceTests
{
    [Fact]
    public async Task An_edited_message_is_answered_and_the_log_keeps_what_it_replaced()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var first = await client.PlayAsync("""{"steps":[{"say":"one"}]}""");
        await client.EndOfAsync(first);
        var second = await client.PlayAsync("""{"steps":[{"say":"two"}]}""", first.ThreadId);
        await client.EndOfAsync(second);
        client.Frames.Clear();

        var edited = await client.PlayAsync("""{"steps":[{"say":"other"}]}""", first.ThreadId, replaces: second.MessageId);

        (await client.EndOfAsync(edited)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("other");
        client.Frames.All().OfType<ThreadEvent>().Select(threadEvent => threadEvent.GetType()).Should().Equal(
            typeof(ThreadRewound), typeof(UserMessage), typeof(AgentStarted), typeof(AgentCompleted));
        client.Frames.All().OfType<ThreadRewound>().Single().ToSeq.Should().Be(second.Seq!.Value - 1);
        var message = client.Frames.All().OfType<UserMessage>().Single();
        (message.Seq, message.Replaces).Should().Be((edited.Seq!.Value, second.MessageId));
        await using var later = await server.ConnectAsync(client.Guest);
        await later.Connection.FollowAsync(first.ThreadId!.Value).Soon();
        later.Frames.All().OfType<AgentCompleted>().Select(completed => completed.Content).Should().Equal("one", "two", "other");
    }

    [Fact]
    public async Task The_model_is_shown_only_what_was_not_replaced()
    {
        var answers = new Queue<string>(["one", "two", "three"]);
        await using var provider = await ModelServer.StartAsync(async context => await ModelServer.SendAsync(
            context, ModelServer.Text(answers.Dequeue()), ModelServer.Chunk("{}", "\"stop\""), "[DONE]"));
        await using var server = new ChatServer(
            ("Agents:Default", "helper"), ("Agents:List:0:Name", "helper"), ("Agents:List:0:Endpoint", provider.Endpoint), ("Agents:List:0:Model", "small"));
        await using var client = await server.ConnectAsync();
        var first = await client.Connection.ChatAsync("first").Soon();
        await client.EndOfAsync(first);
        var second = await client.Connection.ChatAsync("second", first.ThreadId).Soon();
        await client.EndOfAsync(second);

        await client.EndOfAsync(await client.Connection.ChatAsync("second, again", first.ThreadId, replaces: second.MessageId).Soon());

        provider.Requests.Select(Shown).Should().BeEquivalentTo(
            ["first", "first|one|second", "first|one|second, again"], options => options.WithStrictOrdering());
    }

    [Theory]
    [InlineData(WhenRunning.Interrupt, typeof(AgentStopped))]
    [InlineData(WhenRunning.Queue, typeof(AgentCompleted))]
    [InlineData(WhenRunning.Steer, typeof(AgentCompleted))]
    public async Task A_run_that_is_busy_with_the_replaced_message_ends_first(WhenRunning how, Type end)
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var busy = await client.PlayAsync($$"""{"steps":[{"tool":"gate","ms":{{ShiftedTime.Gate}}},{"say":"one"}]}""");
        var waiting = await client.PlayAsync("""{"steps":[{"say":"never answered"}]}""", busy.ThreadId);

        var instead = await client.PlayAsync("""{"steps":[{"say":"other"}]}""", busy.ThreadId, how, replaces: busy.MessageId);
        server.Clock.OpenGates();

        (await client.EndOfAsync(busy)).Should().BeOfType(end);
        var started = await client.Frames.UntilAsync<AgentStarted>(started => started.MessageId == instead.MessageId);
        (await client.EndOfAsync(started.RunId)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("other");
        client.Frames.All().OfType<MessageSteered>().Should().BeEmpty("a run that is replaced takes nothing in");
        client.Frames.All().OfType<AgentStarted>().Should().NotContain(run => run.MessageId == waiting.MessageId, "it lay behind what was replaced");
    }

    [Fact]
    [Trait("failure", "P4")]
    [Trait("failure", "P6")]
    public async Task A_message_that_is_not_there_cannot_be_replaced_and_a_repeated_replacement_has_one_effect()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        await using var stranger = await server.ConnectAsync();
        const string hello = """{"steps":[{"say":"hello"}]}""";
        var first = await client.PlayAsync(hello);
        await client.EndOfAsync(first);
        var foreign = await stranger.PlayAsync(hello);
        var id = ClientFrameId.New();

        (await TestClient.RefusalOfAsync(() => client.PlayAsync(hello, first.ThreadId, replaces: MessageId.New()))).Should().Be(ErrorCode.NotFound);
        (await TestClient.RefusalOfAsync(() => client.PlayAsync(hello, first.ThreadId, replaces: foreign.MessageId))).Should().Be(ErrorCode.NotFound);
        (await TestClient.RefusalOfAsync(() => client.PlayAsync(hello, replaces: first.MessageId))).Should().Be(ErrorCode.NotFound);
        (await TestClient.RefusalOfAsync(() => stranger.PlayAsync(hello, first.ThreadId, replaces: first.MessageId))).Should().Be(ErrorCode.NotFound);

        var replaced = await client.PlayAsync(hello, first.ThreadId, id: id, replaces: first.MessageId);
        (await client.PlayAsync(hello, first.ThreadId, id: id, replaces: first.MessageId)).Should().Be(replaced with { Status = AckStatus.Duplicate });
        (await TestClient.RefusalOfAsync(() => client.PlayAsync(hello, first.ThreadId, id: id))).Should().Be(ErrorCode.IdConflict);
        await client.EndOfAsync(replaced);
        client.Frames.All().OfType<ThreadRewound>().Should().ContainSingle();
    }

    private static string Shown((string, System.Net.Http.Headers.AuthenticationHeaderValue?, JsonElement Body) request) =>
        string.Join('|', request.Body.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("content").ToString()));
}
