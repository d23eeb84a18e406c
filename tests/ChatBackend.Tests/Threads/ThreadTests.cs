using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Threads;

/// <summary>A thread is its owner's alone, loses nothing, and shows every follower the same.</summary>
public sealed class ThreadTests
{
    private const string Hello = """{"steps":[{"say":"hello"}]}""";

    [Fact]
    [Trait("failure", "P6")]
    [Trait("failure", "D37")]
    public async Task A_thread_that_is_not_yours_is_not_found_on_every_verb_and_nothing_happens()
    {
        await using var server = new ChatServer();
        await using var owner = await server.ConnectAsync();
        await using var stranger = await server.ConnectAsync();
        var ack = await owner.PlayAsync("""{"steps":[{"wait_ms":600000}]}""");
        var thread = ack.ThreadId!.Value;

        (await TestClient.RefusalOfAsync(() => stranger.PlayAsync(Hello, thread))).Should().Be(ErrorCode.NotFound);
        (await TestClient.RefusalOfAsync(() => stranger.Connection.FollowAsync(thread).Soon())).Should().Be(ErrorCode.NotFound);
        (await TestClient.RefusalOfAsync(() => stranger.Connection.UnfollowAsync(thread).Soon())).Should().Be(ErrorCode.NotFound);
        (await TestClient.RefusalOfAsync(() => stranger.Connection.StopAsync(thread, ack.RunId).Soon())).Should().Be(ErrorCode.NotFound);
        (await TestClient.RefusalOfAsync(() => stranger.Connection.FollowAsync(ThreadId.New()).Soon())).Should().Be(ErrorCode.NotFound);

        await owner.Connection.StopAsync(thread).Soon();
        await owner.EndOfAsync(ack);
        owner.Frames.All().OfType<ThreadEvent>().Should().HaveCount(3);
        stranger.Frames.All().OfType<ThreadEvent>().Should().BeEmpty();
    }

    [Fact]
    [Trait("failure", "P6")]
    public async Task A_follower_of_a_thread_opens_it_to_nobody_else()
    {
        await using var server = new ChatServer();
        await using var owner = await server.ConnectAsync();
        await using var stranger = await server.ConnectAsync();
        var ack = await owner.PlayAsync(Hello);
        await owner.EndOfAsync(ack);

        // The thread is subscribed to on this node, with the owner in it.
        (await TestClient.RefusalOfAsync(() => stranger.Connection.FollowAsync(ack.ThreadId!.Value).Soon())).Should().Be(ErrorCode.NotFound);

        await owner.EndOfAsync(await owner.PlayAsync(Hello, ack.ThreadId));
        stranger.Frames.All().OfType<ThreadEvent>().Should().BeEmpty();
    }

    [Fact]
    [Trait("failure", "P4")]
    [Trait("failure", "D29")]
    [Trait("failure", "A16")]
    public async Task A_repeated_message_has_one_effect_and_other_content_under_its_id_is_refused()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        await using var tab = await server.ConnectAsync(client.Guest);
        var id = ClientFrameId.New();

        var acks = await Task.WhenAll(client.PlayAsync(Hello, id: id), tab.PlayAsync(Hello, id: id), tab.PlayAsync(Hello, id: ClientFrameId.New()));
        var again = await client.PlayAsync(Hello, id: id);

        acks.Take(2).Select(ack => ack.Status).Should().BeEquivalentTo([AckStatus.Accepted, AckStatus.Duplicate]);
        again.Should().Be(acks[0] with { Status = AckStatus.Duplicate });
        acks[1].Should().Be(acks[0] with { Status = acks[1].Status });
        (await TestClient.RefusalOfAsync(() => client.PlayAsync("""{"steps":[{"say":"other"}]}""", id: id))).Should().Be(ErrorCode.IdConflict);
        await using var observer = await server.ConnectAsync(client.Guest);
        await observer.Connection.FollowAsync(acks[0].ThreadId!.Value);
        await observer.EndOfAsync(acks[0]);
        observer.Frames.All().OfType<UserMessage>().Should().ContainSingle();
        observer.Frames.All().OfType<AgentStarted>().Should().ContainSingle();
    }

    [Fact]
    [Trait("failure", "D45")]
    [Trait("failure", "D6")]
    public async Task The_ack_comes_before_what_it_caused_also_on_a_thread_that_is_followed()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var first = await client.PlayAsync(Hello);
        await client.EndOfAsync(first);
        for (var i = 0; i < 20; i++)
        {
            await client.EndOfAsync(await client.PlayAsync(Hello, first.ThreadId));
        }

        var frames = client.Frames.All().ToList();
        foreach (var ack in frames.OfType<Ack>())
        {
            frames.IndexOf(ack).Should().BeLessThan(frames.FindIndex(frame => frame is UserMessage message && message.MessageId == ack.MessageId));
        }

        frames.OfType<ThreadEvent>().Select(threadEvent => threadEvent.Seq).Should().Equal(Enumerable.Range(1, 63).Select(seq => (long)seq));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("failure", "D14")]
    public async Task Follow_sends_what_is_missing_then_caught_up_then_later_runs(long afterSeq)
    {
        await using var server = new ChatServer();
        await using var writer = await server.ConnectAsync();
        var first = await writer.PlayAsync(Hello);
        await writer.EndOfAsync(first);
        await using var raw = await server.ConnectRawAsync(writer.Guest);

        await raw.SendAsync($$"""{"type":"follow","id":"f","thread_id":"{{first.ThreadId}}","after_seq":{{afterSeq}}}""");
        var types = new List<string>();
        while (types.Count(type => type == "agent_completed") < (afterSeq >= 3 ? 1 : 2))
        {
            var frame = await raw.ReceiveAsync();
            types.Add(frame.GetProperty("type").GetString()!);
            if (types[^1] == "caught_up")
            {
                frame.GetProperty("seq").GetInt64().Should().Be(3);
                await writer.PlayAsync(Hello, first.ThreadId);
            }
        }

        string[] missed = ["user_message", "agent_started", "agent_completed"];
        string[] later = ["caught_up", "user_message", "agent_started", "agent_delta", "agent_completed"];
        types.Should().Equal([.. missed.Skip((int)Math.Min(afterSeq, 3)), .. later]);
    }

    [Fact]
    [Trait("failure", "P3")]
    [Trait("failure", "D15")]
    public async Task Who_joins_in_the_middle_of_a_part_gets_what_it_lacks_in_one_delta_and_then_the_rest()
    {
        await using var server = new ChatServer();
        await using var writer = await server.ConnectAsync();
        var ack = await writer.PlayAsync($$"""{"steps":[{"say":"first half, "},{"wait_ms":{{ShiftedTime.Gate}}},{"say":"second half"}]}""");
        var part = (await writer.Frames.UntilAsync<AgentDelta>()).PartId;
        await using var fresh = await server.ConnectRawAsync(writer.Guest);
        await using var knowing = await server.ConnectRawAsync(writer.Guest);

        await fresh.SendAsync($$"""{"type":"follow","id":"f","thread_id":"{{ack.ThreadId}}"}""");
        await knowing.SendAsync($$"""{"type":"follow","id":"f","thread_id":"{{ack.ThreadId}}","after_seq":2,"parts":[{"part_id":"{{part}}","length":6}]}""");

        (await DeltasAsync(fresh, 1)).Should().Equal((0, "first half, "));
        (await DeltasAsync(knowing, 1)).Should().Equal((6, "half, "));
        server.Clock.OpenGates();
        (await DeltasAsync(fresh)).Should().Equal((12, "second half"));
        (await DeltasAsync(knowing)).Should().Equal((12, "second half"));
    }

    [Fact]
    [Trait("failure", "P10")]
    public async Task A_message_sent_while_a_run_is_busy_waits_and_is_answered_next()
    {
        await using var server = new ChatServer(("Threads:MaxQueuedMessages", "2"));
        await using var client = await server.ConnectAsync();
        var busy = await client.PlayAsync($$"""{"steps":[{"tool":"gate","ms":{{ShiftedTime.Gate}}},{"say":"one"}]}""");
        var second = await client.PlayAsync("""{"steps":[{"say":"two"}]}""", busy.ThreadId);
        var third = await client.PlayAsync("""{"steps":[{"say":"three"}]}""", busy.ThreadId);

        (await TestClient.RefusalOfAsync(() => client.PlayAsync(Hello, busy.ThreadId))).Should().Be(ErrorCode.QuotaExceeded);
        (await TestClient.RefusalOfAsync(() => client.PlayAsync(Hello, busy.ThreadId, WhenRunning.Reject))).Should().Be(ErrorCode.RunInProgress);

        server.Clock.OpenGates();

        second.RunId.Should().BeNull();
        await client.Frames.UntilAsync(frames => frames.OfType<AgentCompleted>().Count() == 3);
        client.Frames.All().OfType<AgentCompleted>().Select(completed => completed.Content).Should().Equal("one", "two", "three");
        client.Frames.All().OfType<AgentStarted>().Select(started => started.MessageId)
            .Should().Equal(busy.MessageId!.Value, second.MessageId!.Value, third.MessageId!.Value);
    }

    [Fact]
    [Trait("failure", "P10")]
    public async Task An_interrupting_message_stops_the_run_and_is_answered()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var busy = await client.PlayAsync("""{"steps":[{"say":"half"},{"wait_ms":600000}]}""");
        await client.Frames.UntilAsync<AgentDelta>();

        await client.PlayAsync("""{"steps":[{"say":"instead"}]}""", busy.ThreadId, WhenRunning.Interrupt);

        var stopped = (AgentStopped)await client.EndOfAsync(busy);
        stopped.Reason.Should().Be(StopReason.InterruptedByMessage);
        stopped.Content.Should().Be("half");
        (await client.Frames.UntilAsync<AgentCompleted>()).Content.Should().Be("instead");
    }

    [Fact]
    [Trait("failure", "A10")]
    public async Task A_stop_without_a_run_and_an_agent_that_is_not_there_are_refused_by_name()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var ack = await client.PlayAsync(Hello);
        await client.EndOfAsync(ack);

        (await TestClient.RefusalOfAsync(() => client.Connection.StopAsync(ack.ThreadId!.Value).Soon())).Should().Be(ErrorCode.NoSuchRun);
        (await TestClient.RefusalOfAsync(() => client.Connection.ChatAsync("hi", agent: "nobody").Soon())).Should().Be(ErrorCode.UnknownAgent);
    }

    [Fact]
    [Trait("failure", "D35")]
    public async Task Commands_beyond_the_published_limit_are_refused_and_the_others_answered()
    {
        await using var server = new ChatServer(("Connections:MaxPendingCommands", "3"));
        await using var raw = await server.ConnectRawAsync();
        for (var i = 0; i < 40; i++)
        {
            await raw.SendAsync($$"""{"type":"chat","id":"c{{i}}","agent":"script","content":"{\"steps\":[{\"say\":\"x\"}]}"}""");
        }

        var answered = new HashSet<string>();
        while (answered.Count < 40)
        {
            var frame = await raw.ReceiveAsync();
            switch (frame.GetProperty("type").GetString())
            {
                case "ack":
                    answered.Add(frame.GetProperty("id").GetString()!).Should().BeTrue();
                    break;
                case "error":
                    frame.GetProperty("code").GetString().Should().Be("rate_limited");
                    frame.GetProperty("retry_after_ms").GetInt32().Should().BePositive();
                    answered.Add(frame.GetProperty("id").GetString()!).Should().BeTrue();
                    break;
            }
        }
    }

    /// <summary>So many deltas, or those up to the run's end.</summary>
    private static async Task<List<(int, string)>> DeltasAsync(RawSocket socket, int count = int.MaxValue)
    {
        var deltas = new List<(int, string)>();
        while (deltas.Count < count)
        {
            var frame = await socket.ReceiveAsync();
            switch (frame.GetProperty("type").GetString())
            {
                case "agent_delta":
                    deltas.Add((frame.GetProperty("offset").GetInt32(), frame.GetProperty("text").GetString()!));
                    break;
                case "agent_completed":
                    return deltas;
            }
        }

        return deltas;
    }
}
