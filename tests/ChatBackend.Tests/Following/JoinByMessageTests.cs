using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Following;

/// <summary>Who sends a message to a thread that its connection does not follow yet follows it from that message on.</summary>
public sealed class JoinByMessageTests
{
    private const string Long = """{"steps":[{"say":"0123456789","chunks":10},{"wait_ms":600000}]}""";
    private const string Short = """{"steps":[{"say":"fine"}]}""";

    [Fact]
    [Trait("failure", "P4")]
    [Trait("failure", "D14")]
    public async Task A_message_sent_again_on_a_new_connection_is_followed_from_it_on_although_its_run_is_over()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var first = await client.PlayAsync(Short);
        await client.EndOfAsync(first);
        var thread = first.ThreadId!.Value;
        var ack = await client.PlayAsync(Short, thread, id: new ClientFrameId("again"));
        await client.EndOfAsync(ack);

        await using var retry = await server.ConnectRawAsync(client.Guest);
        await retry.SendAsync(Chat("again", thread, Short));

        var answer = await retry.ReceiveAsync();
        (Text(answer, "type"), Text(answer, "status")).Should().Be(("ack", "duplicate"));
        (await NextEventsAsync(retry, 3)).Should().Equal(
            (ack.Seq!.Value, "user_message"), (ack.Seq.Value + 1, "agent_started"), (ack.Seq.Value + 2, "agent_completed"));
    }

    [Fact]
    [Trait("failure", "P3")]
    public async Task Nothing_of_the_thread_comes_before_the_ack_and_the_part_in_flight_comes_whole()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var thread = (await client.PlayAsync(Long)).ThreadId!.Value;
        await client.Frames.UntilAsync<AgentDelta>(delta => delta.Offset + delta.Text.Length == 10);

        await using var other = await server.ConnectRawAsync(client.Guest);
        await other.SendAsync(Chat("joins", thread, Short));

        var ack = await other.ReceiveAsync();
        Text(ack, "type").Should().Be("ack");
        JsonElement[] next = [await other.ReceiveAsync(), await other.ReceiveAsync()];
        next.Single(frame => Text(frame, "type") == "user_message").GetProperty("seq").GetInt64().Should().Be(ack.GetProperty("seq").GetInt64());
        var delta = next.Single(frame => Text(frame, "type") == "agent_delta");
        (delta.GetProperty("offset").GetInt32(), Text(delta, "text")).Should().Be((0, "0123456789"));
    }

    [Fact]
    [Trait("failure", "P3")]
    public async Task What_goes_before_the_message_is_not_sent_even_while_it_is_on_its_way_to_the_node()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var thread = (await client.PlayAsync(Short)).ThreadId!.Value;
        for (var i = 0; i < 20; i++)
        {
            // A rewind goes directly before the message that replaces another one, in one commit with it.
            var last = await client.PlayAsync(Short, thread);
            await client.Frames.UntilAsync<AgentCompleted>(completed => completed.Seq > last.Seq);
            await using var other = await server.ConnectRawAsync(client.Guest);
            await other.SendAsync(JsonSerializer.Serialize(
                new { type = "chat", id = $"edit{i}", thread_id = thread.Value, content = Short, agent = "script", replaces = last.MessageId!.Value.Value }));

            var ack = await other.ReceiveAsync();
            (await NextEventsAsync(other, 1)).Should().Equal((ack.GetProperty("seq").GetInt64(), "user_message"));
        }
    }

    [Fact]
    public async Task A_message_that_is_refused_makes_nobody_follow()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var busy = await client.PlayAsync(Long);
        await client.Frames.UntilAsync<AgentDelta>(delta => delta.Offset + delta.Text.Length == 10);

        await using var other = await server.ConnectRawAsync(client.Guest);
        await other.SendAsync(Chat("refused", busy.ThreadId!.Value, Short, "reject"));
        (Text(await other.ReceiveAsync(), "code")).Should().Be("run_in_progress");

        await client.Connection.StopAsync(busy.ThreadId.Value).Soon();
        await client.EndOfAsync(busy);
        await other.SendAsync("""{"type":"ping","id":"p"}""");
        Text(await other.ReceiveAsync(), "type").Should().Be("pong");
    }

    private static string Chat(string id, ThreadId thread, string content, string whenRunning = "queue") => JsonSerializer.Serialize(
        new { type = "chat", id, thread_id = thread.Value, content, agent = "script", when_running = whenRunning });

    private static string? Text(JsonElement frame, string member) => frame.GetProperty(member).GetString();

    /// <summary>Deltas come or not, as the follower catches up.</summary>
    private static async Task<List<(long Seq, string? Type)>> NextEventsAsync(RawSocket socket, int count)
    {
        var events = new List<(long, string?)>();
        while (events.Count < count)
        {
            var frame = await socket.ReceiveAsync();
            if (frame.TryGetProperty("seq", out var seq))
            {
                events.Add((seq.GetInt64(), Text(frame, "type")));
            }
        }

        return events;
    }
}
