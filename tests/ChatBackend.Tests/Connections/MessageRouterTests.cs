using ChatBackend.Connections;
using ChatBackend.Protocol;
using ChatBackend.Tests.Server;
using ChatBackend.Threads;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Connections;

public sealed class MessageRouterTests
{
    [Fact]
    [Trait("failure", "A9")]
    [Trait("failure", "B16")]
    public async Task A_late_close_cannot_remove_a_successor_under_the_same_id()
    {
        await using var server = new ChatServer();
        var router = server.Services.GetRequiredService<MessageRouter>();
        await using var first = server.Services.CreateAsyncScope();
        await using var second = server.Services.CreateAsyncScope();
        var id = ConnectionId.New();
        var gone = first.ServiceProvider.GetRequiredService<AgentMessageHandler>();
        var successor = second.ServiceProvider.GetRequiredService<AgentMessageHandler>();
        router.Register(id, successor);

        router.Remove(id, gone).Should().BeFalse();

        router.Handlers.Should().Equal(successor);
        router.Remove(id, successor).Should().BeTrue();
        router.Handlers.Should().BeEmpty();
    }

    [Fact]
    [Trait("failure", "A5")]
    [Trait("failure", "A16")]
    public async Task A_second_handler_for_one_connection_is_a_bug_that_shows()
    {
        await using var server = new ChatServer();
        var router = server.Services.GetRequiredService<MessageRouter>();
        await using var scope = server.Services.CreateAsyncScope();
        var handler = scope.ServiceProvider.GetRequiredService<AgentMessageHandler>();
        var id = ConnectionId.New();
        router.Register(id, handler);

        var again = () => router.Register(id, handler);

        again.Should().Throw<InvalidOperationException>();
        router.Remove(id, handler).Should().BeTrue();
    }

    [Fact]
    [Trait("failure", "D8")]
    [Trait("failure", "D40")]
    [Trait("failure", "A15")]
    public async Task A_delivery_to_an_unknown_connection_reaches_nobody_and_says_so()
    {
        await using var server = new ChatServer();
        await using var other = await server.ConnectAsync();
        var router = server.Services.GetRequiredService<MessageRouter>();

        router.Deliver(ConnectionId.New(), new OutgoingFrame(null, WireJson.Encode(new Pong { ServerTime = server.Clock.GetUtcNow() }))).Should().BeFalse();
        router.HasRoom(ConnectionId.New(), bytes: 1).Should().BeFalse();
        (await router.RoomAsync(ConnectionId.New(), bytes: 1, TestContext.Current.CancellationToken)).Should().BeFalse();
        router.Route(ConnectionId.New(), new PingFrame(), bytes: 2).Should().BeFalse();

        await other.Connection.PingAsync();
        other.Frames.All().OfType<Pong>().Should().ContainSingle().Which.Id.Should().NotBeNull();
    }
}
