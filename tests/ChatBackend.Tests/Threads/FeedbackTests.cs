using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Tests.Agents;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Threads;

/// <summary>What users think of answers.</summary>
public sealed class FeedbackTests
{
    private const string Hello = """{"steps":[{"say":"hello"}]}""";

    [Fact]
    [Trait("failure", "N8")]
    public async Task Feedback_is_seen_on_every_device_and_the_last_one_counts()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        await using var device = await server.ConnectAsync(client.Guest);
        var (thread, answer) = await AnswerAsync(client);
        var follower = await device.Connection.FollowAsync(thread).Soon();

        var ack = await client.Connection.GiveFeedbackAsync(thread, answer, FeedbackRating.Down, "wrong\u202E city \n\n\tsecond\u200B line").Soon();

        var given = await device.Frames.UntilAsync<FeedbackGiven>(_ => true);
        (ack.ThreadId, ack.Seq, ack.MessageId, ack.RunId).Should().Be((thread, given.Seq, answer, null));
        (given.MessageId, given.Rating, given.Note, given.By).Should().Be((answer, FeedbackRating.Down, "wrong city\n\nsecond line", client.Guest.UserId));
        await client.Connection.GiveFeedbackAsync(thread, answer, FeedbackRating.Up, " \u200B ").Soon();
        var last = await device.Frames.UntilAsync<FeedbackGiven>(later => later.Rating == FeedbackRating.Up);
        last.Note.Should().BeNull("nothing of it is seen");
        follower.Transcript.Entries.OfType<RunEntry>().Single().Feedback.Should().Be(last);
    }

    [Fact]
    [Trait("failure", "N9")]
    public async Task Feedback_that_is_repeated_is_one_event_and_counted_once()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var (thread, answer) = await AnswerAsync(client);
        var id = ClientFrameId.New();

        var given = await client.Connection.GiveFeedbackAsync(thread, answer, FeedbackRating.Up, "good", id).Soon();
        (await client.Connection.GiveFeedbackAsync(thread, answer, FeedbackRating.Up, "good", id).Soon()).Should().Be(given with { Status = AckStatus.Duplicate });
        foreach (var (rating, note) in new[] { (FeedbackRating.Down, "good"), (FeedbackRating.Up, "better") })
        {
            (await TestClient.RefusalOfAsync(() => client.Connection.GiveFeedbackAsync(thread, answer, rating, note, id))).Should().Be(ErrorCode.IdConflict);
        }

        await client.Connection.GiveFeedbackAsync(thread, answer, FeedbackRating.None).Soon();
        await client.Frames.UntilAsync<FeedbackGiven>(last => last.Rating == FeedbackRating.None);
        client.Frames.All().OfType<FeedbackGiven>().Select(one => (one.Rating, one.Note)).Should().Equal((FeedbackRating.Up, "good"), (FeedbackRating.None, null));
        var metrics = await server.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        foreach (var (rating, count) in new[] { ("up", 1), ("down", 0), ("none", 1) })
        {
            metrics.Should().Contain($"chat_feedback_total{{rating=\"{rating}\"}} {count}");
        }
    }

    [Fact]
    [Trait("failure", "N10")]
    public async Task Only_an_answer_of_the_users_can_be_rated_and_a_note_is_bounded()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        await using var stranger = await server.ConnectAsync();
        var (thread, answer) = await AnswerAsync(client);
        var (_, other) = await AnswerAsync(client);
        var question = client.Frames.All().OfType<UserMessage>().First().MessageId;
        var long_ = new string('n', 2000);

        foreach (var message in new[] { question, other, MessageId.New() })
        {
            (await TestClient.RefusalOfAsync(() => client.Connection.GiveFeedbackAsync(thread, message, FeedbackRating.Up))).Should().Be(ErrorCode.NotFound);
        }

        (await TestClient.RefusalOfAsync(() => stranger.Connection.GiveFeedbackAsync(thread, answer, FeedbackRating.Up))).Should().Be(ErrorCode.NotFound);
        (await TestClient.RefusalOfAsync(() => client.Connection.GiveFeedbackAsync(thread, answer, FeedbackRating.Up, long_ + "n"))).Should().Be(ErrorCode.TooLarge);
        await client.Connection.GiveFeedbackAsync(thread, answer, FeedbackRating.Up, long_).Soon();
        (await client.Frames.UntilAsync<FeedbackGiven>(_ => true)).Note.Should().Be(long_);
        client.Frames.All().OfType<FeedbackGiven>().Should().ContainSingle();
    }

    [Fact]
    [Trait("failure", "N8")]
    public async Task An_answer_can_be_rated_though_it_was_stopped_or_replaced_or_lies_far_back_or_another_run_is_open()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var (thread, early) = await AnswerAsync(client);
        var stopping = await client.PlayAsync($$"""{"steps":[{"say":"half"},{"tool":"gate","ms":{{ShiftedTime.Gate}}}]}""", thread);
        await client.Connection.StopAsync(thread).Soon();
        var stopped = (AgentStopped)await client.EndOfAsync(stopping);
        for (var i = 0; i < 70; i++)
        {
            await client.EndOfAsync(await client.PlayAsync(Hello, thread));
        }

        var open = await client.PlayAsync($$"""{"steps":[{"tool":"gate","ms":{{ShiftedTime.Gate}}},{"say":"one"}]}""", thread, WhenRunning.Interrupt, replaces: client.Frames.All().OfType<UserMessage>().First().MessageId);
        await client.Connection.GiveFeedbackAsync(thread, early, FeedbackRating.Up).Soon();
        await client.Connection.GiveFeedbackAsync(thread, stopped.MessageId, FeedbackRating.Down).Soon();

        await client.Frames.UntilAsync<FeedbackGiven>(last => last.MessageId == stopped.MessageId);
        client.Frames.All().OfType<FeedbackGiven>().Select(given => given.MessageId).Should().Equal(early, stopped.MessageId);
        server.Clock.OpenGates();
        (await client.EndOfAsync(open)).Should().BeOfType<AgentCompleted>("feedback neither ends nor begins a run");
        client.Frames.All().OfType<AgentStarted>().Should().HaveCount(73);
    }

    [Fact]
    [Trait("failure", "N11")]
    public async Task A_note_is_exported_and_reaches_neither_the_model_nor_a_search_nor_the_document_for_people()
    {
        await using var provider = await ModelServer.StartAsync(async context => await ModelServer.SendAsync(
            context, ModelServer.Text("fine"), ModelServer.Chunk("{}", "\"stop\""), "[DONE]"));
        await using var server = new ChatServer(
            ("Agents:Default", "helper"), ("Agents:List:0:Name", "helper"), ("Agents:List:0:Endpoint", provider.Endpoint), ("Agents:List:0:Model", "small"));
        await using var client = await server.ConnectAsync();
        var first = await client.Connection.ChatAsync("first").Soon();
        var thread = first.ThreadId!.Value;
        var answer = ((AgentCompleted)await client.EndOfAsync(first)).MessageId;
        var rest = await server.RestAsync(client.Guest);
        await rest.JsonAsync(HttpMethod.Patch, $"/api/threads/{thread}", """{"archived":true}""");

        var given = await client.Connection.GiveFeedbackAsync(thread, answer, FeedbackRating.Down, "zanzibar").Soon();

        var view = await rest.GetAsync($"/api/threads/{thread}");
        (view.GetProperty("archived").GetBoolean(), view.GetProperty("head").GetInt64(), view.GetProperty("running").GetBoolean()).Should().Be((true, given.Seq!.Value, false));
        var at = (await client.Frames.UntilAsync<FeedbackGiven>(_ => true)).At;
        view.GetProperty("updated_at").GetDateTimeOffset().Should().BeCloseTo(at, TimeSpan.FromMilliseconds(1));
        var exported = await rest.GetAsync($"/api/threads/{thread}/export");
        exported.GetProperty("events").EnumerateArray().Last().GetProperty("note").GetString().Should().Be("zanzibar");
        using var markdown = await rest.SendAsync(HttpMethod.Get, $"/api/threads/{thread}/export?format=markdown");
        (await markdown.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Contain("fine").And.NotContain("zanzibar");
        await server.CatchUpSearchAsync();
        (await rest.GetAsync("/api/threads?query=zanzibar")).GetProperty("hits").EnumerateArray().Should().BeEmpty();
        await client.EndOfAsync(await client.Connection.ChatAsync("second", thread).Soon());
        provider.Requests.Select(request => request.Body.GetRawText()).Should().HaveCount(2).And.NotContain(body => body.Contains("zanzibar"));
    }

    private static async Task<(ThreadId Thread, MessageId Answer)> AnswerAsync(TestClient client)
    {
        var ack = await client.PlayAsync(Hello);
        return (ack.ThreadId!.Value, ((AgentCompleted)await client.EndOfAsync(ack)).MessageId);
    }
}
