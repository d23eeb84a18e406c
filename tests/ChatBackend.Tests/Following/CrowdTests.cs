using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Following;

/// <summary>A thread that many connections follow: its writer goes on while they are delivered to, and the same reaches all of them.</summary>
public sealed class CrowdTests
{
    private const int Followers = 40;

    private const string Scenario = """
        {"steps":[
          {"think":"a b c d e f g h i j","chunks":10},
          {"say":"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20","chunks":50},
          {"tool":"look","result":"seen"},
          {"say":"one two three four five six seven eight nine ten eleven twelve","chunks":60,"every_ms":1}
        ]}
        """;

    [Fact]
    [Trait("failure", "D16")]
    [Trait("failure", "D17")]
    [Trait("failure", "P3")]
    public async Task Everyone_in_a_crowd_gets_each_event_once_in_order_and_every_part_whole()
    {
        await using var server = new ChatServer();
        await using var owner = await server.ConnectAsync();
        var opened = await owner.PlayAsync("""{"steps":[{"say":"come in"}]}""");
        await owner.EndOfAsync(opened);
        var thread = opened.ThreadId!.Value;
        var crowd = await Task.WhenAll(Enumerable.Range(0, Followers).Select(_ => server.ConnectAsync(owner.Guest)));
        foreach (var client in crowd)
        {
            await client.Connection.FollowAsync(thread).Soon();
        }

        for (var turn = 0; turn < 5; turn++)
        {
            var ack = await owner.PlayAsync(Scenario, thread);
            await Task.WhenAll(crowd.Append(owner).Select(client => client.EndOfAsync(ack)));
        }

        foreach (var client in crowd.Append(owner))
        {
            var frames = client.Frames.All();
            frames.OfType<ThreadEvent>().Select(threadEvent => threadEvent.Seq).Should().Equal(Enumerable.Range(1, frames.OfType<ThreadEvent>().Count()).Select(seq => (long)seq));
            AssertPartsAreWhole(frames);
            await client.DisposeAsync();
        }
    }

    private static void AssertPartsAreWhole(IReadOnlyList<ServerFrame> frames)
    {
        var said = new Dictionary<PartId, string>();
        foreach (var delta in frames.OfType<PartDelta>())
        {
            var text = said.GetValueOrDefault(delta.PartId, "");
            delta.Offset.Should().Be(text.Length);
            said[delta.PartId] = text + delta.Text;
        }

        foreach (var part in frames.OfType<AgentPart>())
        {
            said.GetValueOrDefault(part.PartId).Should().Be(part.Text);
        }

        // The run before the crowd came was followed by its owner alone.
        foreach (var answer in frames.OfType<AgentCompleted>().Skip(1))
        {
            said.GetValueOrDefault(answer.PartId!.Value).Should().Be(answer.Content);
        }
    }
}
