using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Following;

/// <summary>There is nothing between a snapshot and what comes live, whenever somebody joins.</summary>
public sealed class JoinRaceTests
{
    [Fact]
    [Trait("failure", "P3")]
    [Trait("failure", "D14")]
    [Trait("failure", "D15")]
    public async Task Who_joins_at_any_moment_of_a_run_sees_every_event_and_all_text_once()
    {
        const int rounds = 150;
        await using var server = new ChatServer();
        await using var writer = await server.ConnectAsync();
        var random = new Random(3);
        for (var round = 0; round < rounds; round++)
        {
            // A thread of its own each time, which nobody on this node follows but who joins: its feed begins with the join.
            var ack = await writer.PlayAsync("""{"steps":[{"say":"0123456789","chunks":10},{"tool":"look"},{"say":"abcdefghij","chunks":10}]}""");
            var thread = ack.ThreadId!.Value;
            await writer.Connection.UnfollowAsync(thread).Soon();
            for (var spin = random.Next(3000); spin > 0; spin--)
            {
                Thread.SpinWait(10);
            }

            await using var joiner = await server.ConnectAsync(writer.Guest);
            var follower = await joiner.Connection.FollowAsync(thread).Soon();

            (await joiner.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("abcdefghij");
            joiner.Frames.All().OfType<ThreadEvent>().Select(threadEvent => threadEvent.Seq).Should().Equal(1, 2, 3, 4, 5, 6);
            foreach (var part in joiner.Frames.All().OfType<PartDelta>().GroupBy(delta => delta.PartId))
            {
                part.Select(delta => delta.Offset).Should().Equal(part.Select((_, i) => part.Take(i).Sum(before => before.Text.Length)));
            }

            follower.Transcript.Run(ack.RunId!.Value)!.Text.Should().Be("0123456789\nabcdefghij");
        }
    }
}
