using ChatBackend.Connections;
using ChatBackend.Protocol;
using ChatBackend.Tests.Server;
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
        var successor = ConnectionOf(second);
        var gone = ConnectionOf(first) with { Context = successor.Context };
        router.Register(successor);

        router.Remove(gone).Should().BeFalse();

        router.Connections.Should().Equal(successor);
        router.Remove(successor).Should().BeTrue();
        router.Connections.Should().BeEmpty();
    }

    [Fact]
    [Trait("failure", "A5")]
    [Trait("failure", "A16")]
    public async Task A_second_handler_for_one_connection_is_a_bug_that_shows()
    {
        await using var server = new ChatServer();
        var router = server.Services.GetRequiredService<MessageRouter>();
        await using var scope = server.Services.CreateAsyncScope();
        var connection = ConnectionOf(scope);
        router.Register(connection);

        var again = () => router.Register(connection);

        again.Should().Throw<InvalidOperationException>();
        router.Remove(connection).Should().BeTrue();
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

        router.Find(ConnectionId.New()).Should().BeNull();
        router.Route(ConnectionId.New(), new PingFrame(), bytes: 2).Should().BeFalse();

        await other.Connection.PingAsync();
        other.Frames.All().OfType<Pong>().Should().ContainSingle().Which.Id.Should().NotBeNull();
    }

    private static OpenConnection ConnectionOf(AsyncServiceScope scope) => new(
        scope.ServiceProvider.GetRequiredService<ConnectionContext>(),
        scope.ServiceProvider.GetRequiredService<AgentMessageHandler>(),
        scope.ServiceProvider.GetRequiredService<Outbox>());
}
