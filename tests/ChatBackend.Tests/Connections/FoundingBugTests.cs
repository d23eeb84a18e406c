using ChatBackend.Connections;
using ChatBackend.Protocol;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Connections;

/// <summary>One handler per connection: everybody gets their own events, all of them and no others, for as long as they are there.</summary>
public sealed class FoundingBugTests
{
    private static readonly string[] Lifecycle =
        ["Ack", "UserMessage", "AgentStarted", "AgentThinking", "AgentPart", "ToolExecuting", "ToolCompleted", "AgentDelta", "AgentCompleted"];

    [Theory]
    [InlineData(3)]
    [InlineData(25)]
    [InlineData(150)]
    [Trait("failure", "A2")]
    [Trait("failure", "A3")]
    [Trait("failure", "A4")]
    [Trait("failure", "D8")]
    [Trait("failure", "D39")]
    public async Task Every_one_of_many_clients_gets_exactly_the_events_of_its_own_run(int count)
    {
        await using var server = new ChatServer();
        var clients = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => server.ConnectAsync()));

        var acks = await Task.WhenAll(clients.Select((client, i) => client.PlayAsync(Script(i))));
        await Task.WhenAll(clients.Zip(acks, (client, ack) => client.EndOfAsync(ack)));

        clients.Select(client => client.Connection.Established.ConnectionId).Should().OnlyHaveUniqueItems();
        server.Services.GetRequiredService<MessageRouter>().Connections.Select(connection => connection.Handler).Should().HaveCount(count).And.OnlyHaveUniqueItems();
        for (var i = 0; i < count; i++)
        {
            var frames = clients[i].Frames.All().Skip(1).ToList();
            frames.Select(frame => frame.GetType().Name).Distinct().Should().Equal(Lifecycle);
            frames.OfType<ThreadEvent>().Should().OnlyContain(threadEvent => threadEvent.ThreadId == acks[i].ThreadId);
            frames.OfType<RunEvent>().Should().OnlyContain(threadEvent => threadEvent.RunId == acks[i].RunId);
            frames.OfType<ThreadEvent>().Select(threadEvent => threadEvent.Seq).Should().Equal(1, 2, 3, 4, 5, 6);
            frames.OfType<AgentDelta>().Select(delta => delta.Text).Aggregate("", string.Concat).Should().Be($"canary-{i}-said");
            frames.OfType<AgentCompleted>().Single().Content.Should().Be($"canary-{i}-said");
            frames.OfType<ToolCompleted>().Single().Result!.Value.GetString().Should().Be($"canary-{i}-told");
            // Deltas are cut anywhere, also inside a canary; their joined text was compared.
            System.Text.Encoding.UTF8.GetString([.. frames.Where(frame => frame is not PartDelta).SelectMany(WireJson.Encode)])
                .Split("canary-").Skip(1).Should().OnlyContain(text => text.StartsWith($"{i}-", StringComparison.Ordinal));
        }

        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    [Trait("failure", "A2")]
    public async Task Earlier_clients_go_on_getting_their_events_after_later_ones_connect()
    {
        await using var server = new ChatServer();
        await using var early = await server.ConnectAsync();
        var first = await early.PlayAsync($$"""{"steps":[{"say":"before "},{"tool":"gate","ms":{{ShiftedTime.Gate}}},{"say":"after"}]}""");
        await early.Frames.UntilAsync<ToolExecuting>();

        await using var late = await server.ConnectAsync();
        var other = await late.PlayAsync("""{"steps":[{"say":"late"}]}""");
        await late.EndOfAsync(other);
        server.Clock.OpenGates();
        await early.EndOfAsync(first);
        var second = await early.PlayAsync("""{"steps":[{"say":"again"}]}""", first.ThreadId);
        await early.EndOfAsync(second);

        early.Frames.All().OfType<ThreadEvent>().Should().OnlyContain(threadEvent => threadEvent.ThreadId == first.ThreadId);
        early.Frames.All().OfType<AgentCompleted>().Select(completed => completed.Content).Should().Equal("after", "again");
        late.Frames.All().OfType<ThreadEvent>().Should().OnlyContain(threadEvent => threadEvent.ThreadId == other.ThreadId);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("failure", "A3")]
    [Trait("failure", "B18")]
    public async Task One_leaves_in_the_middle_of_its_run_and_nobody_else_notices(bool isAbort)
    {
        await using var server = new ChatServer();
        await using var leaving = await server.ConnectAsync();
        await using var staying = await server.ConnectAsync();
        await leaving.PlayAsync($$"""{"steps":[{"tool":"long","ms":{{ShiftedTime.Gate}}},{"say":"unheard"}]}""");
        var ack = await staying.PlayAsync($$"""{"steps":[{"tool":"long","ms":{{ShiftedTime.Gate}}},{"say":"heard"}]}""");
        await staying.Frames.UntilAsync<ToolExecuting>();
        await leaving.Frames.UntilAsync<ToolExecuting>();

        if (isAbort)
        {
            leaving.Connection.Abort();
        }
        else
        {
            await leaving.Connection.CloseAsync();
        }

        await server.UntilGaugeAsync("chat_connection_handlers", 1);
        server.Clock.OpenGates();

        (await staying.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("heard");
    }

    [Fact]
    [Trait("failure", "B19")]
    [Trait("failure", "D10")]
    public async Task Closing_one_of_two_tabs_leaves_the_other_with_all_events()
    {
        await using var server = new ChatServer();
        var guest = await server.GuestAsync();
        await using var closing = await server.ConnectAsync(guest);
        await using var staying = await server.ConnectAsync(guest);
        var ack = await closing.PlayAsync($$"""{"steps":[{"say":"one "},{"tool":"gate","ms":{{ShiftedTime.Gate}}},{"say":"two"}]}""");
        await staying.Connection.FollowAsync(ack.ThreadId!.Value);
        await staying.Frames.UntilAsync<ToolExecuting>();

        await closing.DisposeAsync();
        await server.UntilGaugeAsync("chat_connections", 1);
        server.Clock.OpenGates();

        (await staying.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("two");
        staying.Frames.All().OfType<ThreadEvent>().Select(threadEvent => threadEvent.Seq).Should().Equal(1, 2, 3, 4, 5, 6);
    }

    [Fact]
    [Trait("failure", "A1")]
    [Trait("failure", "A9")]
    [Trait("failure", "B15")]
    [Trait("failure", "B21")]
    public async Task What_is_registered_is_what_is_open_however_connections_end()
    {
        await using var server = new ChatServer();
        await using var staying = await server.ConnectAsync();
        for (var i = 0; i < 20; i++)
        {
            await using var clean = await server.ConnectAsync();
            await using var aborted = await server.ConnectAsync();
            await aborted.PlayAsync("""{"steps":[{"wait_ms":50}]}""");
            aborted.Connection.Abort();
            await using var broken = await server.ConnectRawAsync();
            await broken.SendAsync([1], System.Net.WebSockets.WebSocketMessageType.Binary);
            (await broken.ReceiveCloseAsync()).Should().Be(1003);
        }

        foreach (var gauge in new[] { "chat_connections", "chat_connection_handlers", "chat_connection_scopes" })
        {
            await server.UntilGaugeAsync(gauge, 1);
        }

        await server.UntilGaugeAsync("chat_runs", 0);
    }

    private static string Script(int i) =>
        $$"""{"steps":[{"think":"canary-{{i}}-thought"},{"tool":"look","arguments":{"for":"canary-{{i}}-asked"},"result":"canary-{{i}}-told"},{"say":"canary-{{i}}-said","chunks":4,"every_ms":5}]}""";
}
