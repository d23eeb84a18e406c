using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Threads;

/// <summary>A message sent while a run is busy comes to exactly one end, which the thread's one writer decides.</summary>
[Trait("failure", "P10")]
public sealed class SteerTests
{
    [Fact]
    public async Task A_steering_message_enters_the_runs_next_step()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var busy = await client.PlayAsync($$"""{"steps":[{"tool":"gate","ms":{{ShiftedTime.Gate}}},{"say":"as asked, "}]}""");
        await client.Frames.UntilAsync<ToolExecuting>();

        var steer = await client.PlayAsync("""{"steps":[{"say":"then "},{"tool":"turn"},{"say":"this way"}]}""", busy.ThreadId, WhenRunning.Steer);
        server.Clock.OpenGates();

        (await client.EndOfAsync(busy)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("this way");
        client.Frames.All().OfType<AgentPart>().Select(part => part.Text).Should().Equal("as asked, then ");
        client.Frames.All().OfType<ToolCompleted>().Select(tool => tool.Tool).Should().Equal("gate", "turn");
        var steered = client.Frames.All().OfType<MessageSteered>().Should().ContainSingle().Subject;
        (steered.RunId, steered.MessageId).Should().Be((busy.RunId!.Value, steer.MessageId!.Value));
        client.Frames.All().OfType<UserMessage>().Last().WhenRunning.Should().Be(WhenRunning.Steer);
        client.Frames.All().OfType<AgentStarted>().Should().ContainSingle();
    }

    [Fact]
    public async Task A_run_that_has_said_its_last_goes_on_for_a_steering_message()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var busy = await client.PlayAsync($$"""{"steps":[{"say":"first"},{"wait_ms":{{ShiftedTime.Gate}}}]}""");
        await client.Frames.UntilAsync<AgentDelta>();

        await client.PlayAsync("""{"steps":[{"say":"second"}]}""", busy.ThreadId, WhenRunning.Steer);
        server.Clock.OpenGates();

        (await client.EndOfAsync(busy)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("second");
        client.Frames.All().OfType<ThreadEvent>().Select(threadEvent => threadEvent.GetType()).Should().Equal(
            typeof(UserMessage), typeof(AgentStarted), typeof(UserMessage), typeof(AgentPart), typeof(MessageSteered), typeof(AgentCompleted));
        client.Frames.All().OfType<AgentPart>().Single().Text.Should().Be("first");
    }

    [Fact]
    public async Task What_steers_or_interrupts_goes_before_what_was_queued()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var busy = await client.PlayAsync("""{"steps":[{"wait_ms":600000}]}""");
        var queued = await client.PlayAsync("""{"steps":[{"say":"queued"}]}""", busy.ThreadId);
        var steer = await client.PlayAsync("""{"steps":[{"say":"steering"}]}""", busy.ThreadId, WhenRunning.Steer);
        var interrupt = await client.PlayAsync("""{"steps":[{"say":"interrupting"}]}""", busy.ThreadId, WhenRunning.Interrupt);

        await client.Frames.UntilAsync(frames => frames.OfType<AgentCompleted>().Any(completed => completed.Content == "queued"));

        (await client.EndOfAsync(busy)).Should().BeOfType<AgentStopped>().Which.Reason.Should().Be(StopReason.InterruptedByMessage);
        // The interrupting message may still be taken in by the run that answers the steering one: it only waits for its turn.
        client.Frames.All().OfType<AgentStarted>().Select(started => started.MessageId).Should().Equal(
            busy.MessageId!.Value, steer.MessageId!.Value, interrupt.MessageId!.Value, queued.MessageId!.Value);
    }

    [Fact]
    public async Task A_message_for_another_agent_does_not_enter_the_run()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var busy = await client.PlayAsync($$"""{"steps":[{"tool":"gate","ms":{{ShiftedTime.Gate}}},{"say":"as asked"}]}""");

        var other = await client.Connection.ChatAsync("What is 6 * 7?", busy.ThreadId, "demo", WhenRunning.Steer).Soon();
        server.Clock.OpenGates();

        (await client.EndOfAsync(busy)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("as asked");
        (await client.Frames.UntilAsync<AgentStarted>(started => started.Agent == "demo")).MessageId.Should().Be(other.MessageId!.Value);
    }

    [Fact]
    public async Task At_the_very_end_of_a_run_no_message_is_lost_and_none_is_answered_twice()
    {
        const int lanes = 8;
        const int rounds = 250; // of each: 2,000 interleavings
        await using var server = new ChatServer();
        await Task.WhenAll(Enumerable.Range(0, lanes).Select(lane => Task.Run(() => PlayLaneAsync(server, new Random(lane), rounds))));
    }

    private static async Task PlayLaneAsync(ChatServer server, Random random, int rounds)
    {
        await using var client = await server.ConnectAsync();
        await using var second = await server.ConnectAsync(client.Guest);
        var thread = (await client.PlayAsync("""{"steps":[{"say":"hello"}]}""")).ThreadId!.Value;
        await client.Frames.UntilAsync<AgentCompleted>();
        for (var round = 0; round < rounds; round++)
        {
            client.Frames.Clear();
            var busy = await client.PlayAsync($$"""{"steps":[{"say":"answer","chunks":{{random.Next(1, 6)}}}]}""", thread);
            await client.Frames.UntilAsync(MomentOf(busy, random.Next(3)));
            for (var spin = random.Next(0, 2000); spin > 0; spin--)
            {
                Thread.SpinWait(10); // somewhere in the last moments of the run, or just after
            }

            var how = random.Next(2) == 0 ? WhenRunning.Queue : WhenRunning.Steer;
            var late = await second.PlayAsync("""{"steps":[{"say":"late"}]}""", thread, how);

            var message = late.MessageId!.Value;
            bool TakesIt(ServerFrame frame) => frame is AgentStarted started && started.MessageId == message || frame is MessageSteered steered && steered.MessageId == message;
            await client.Frames.UntilAsync(frames => frames.Any(TakesIt) && frames.OfType<AgentStarted>().Count() == frames.OfType<AgentCompleted>().Count());
            client.Frames.All().Count(TakesIt).Should().Be(1);
            string.Concat(client.Frames.All().Select(frame => frame is AgentPart part ? part.Text : (frame as AgentCompleted)?.Content))
                .Should().Be("answerlate", "each of the two is answered, and once");
        }
    }

    private static Func<IReadOnlyList<ServerFrame>, bool> MomentOf(Ack busy, int moment) => frames => moment switch
    {
        0 => frames.Any(frame => frame is AgentStarted started && started.RunId == busy.RunId),
        1 => frames.Any(frame => frame is AgentDelta delta && delta.RunId == busy.RunId),
        _ => frames.Any(frame => frame is AgentCompleted completed && completed.RunId == busy.RunId),
    };
}
