using System.Net.WebSockets;
using ChatBackend.Hosting;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Connections;

/// <summary>Who leaves a thread, a connection or a server hears what was agreed and nothing more.</summary>
public sealed class LeavingTests
{
    private const string Hello = """{"steps":[{"say":"hello"}]}""";

    [Fact]
    public async Task Who_unfollows_a_thread_hears_of_it_no_more_and_of_others_still()
    {
        await using var server = new ChatServer();
        await using var leaving = await server.ConnectAsync();
        await using var staying = await server.ConnectAsync(leaving.Guest);
        var left = await leaving.PlayAsync(Hello);
        await leaving.EndOfAsync(left);
        await staying.Connection.FollowAsync(left.ThreadId!.Value).Soon();

        await leaving.Connection.UnfollowAsync(left.ThreadId.Value).Soon();
        leaving.Frames.Clear();
        await staying.EndOfAsync(await staying.PlayAsync(Hello, left.ThreadId));

        await leaving.EndOfAsync(await leaving.PlayAsync(Hello));
        leaving.Frames.All().OfType<ThreadEvent>().Should().NotBeEmpty().And.OnlyContain(threadEvent => threadEvent.ThreadId != left.ThreadId);
        await leaving.Connection.FollowAsync(left.ThreadId.Value).Soon();
        leaving.Frames.All().OfType<AgentCompleted>().Count(completed => completed.ThreadId == left.ThreadId).Should().Be(2, "it may come back");
    }

    [Fact]
    public async Task An_unfollow_is_acknowledged_when_the_thread_is_left()
    {
        var (leaving, gate) = (Source(), Source());
        await using var server = new ChatServer(services => services.Decorate<IGrainFactory>((_, _, call) => call() is var made && made is IThreadGrain grain
            ? ServiceDecoration.Of<IThreadGrain>(grain, (_, called, next) => called == nameof(IThreadGrain.Unsubscribe) ? LeaveAsync(next) : next())
            : made));
        var guest = await server.GuestAsync();
        await using var raw = await server.ConnectRawAsync(guest);
        var thread = await (await server.RestAsync(guest)).CreateAsync();
        await raw.SendAsync($$"""{"type":"follow","id":"f1","thread_id":"{{thread}}"}""");
        await raw.ReceiveAsync();

        await raw.SendAsync($$"""{"type":"unfollow","id":"u1","thread_id":"{{thread}}"}""");
        await leaving.Task.Soon();
        for (var ping = 0; ping < 20; ping++)
        {
            await ConnectionFixture.SettleAsync();
            await raw.SendAsync("""{"type":"ping","id":"p1"}""");
            (await raw.ReceiveAsync()).GetProperty("type").GetString().Should().Be("pong", "the thread is not left yet");
        }

        gate.SetResult();

        var ack = await raw.ReceiveAsync();
        (ack.GetProperty("type").GetString(), ack.GetProperty("id").GetString(), ack.GetProperty("thread_id").GetString()).Should().Be(("ack", "u1", thread.Value));

        static TaskCompletionSource Source() => new(TaskCreationOptions.RunContinuationsAsynchronously);

        async Task LeaveAsync(Func<object?> next)
        {
            leaving.TrySetResult();
            await gate.Task;
            await (Task)next()!;
        }
    }

    [Theory]
    [InlineData(1000, 1000, "client_done")]
    [InlineData(1001, 1000, "client_done")]
    [InlineData(1003, 1003, "client_failed")]
    [InlineData(1011, 1011, "client_failed")]
    [InlineData(3000, 3000, "client_failed")]
    [InlineData(4999, 4999, "client_failed")]
    public async Task A_close_is_answered_with_a_code_and_counted_by_its_reason(int code, int answer, string reason)
    {
        await using var server = new ChatServer();
        await using var raw = await server.ConnectRawAsync();

        await raw.Socket.CloseOutputAsync((WebSocketCloseStatus)code, "done", CancellationToken.None).Soon();

        (await raw.ReceiveCloseAsync()).Should().Be(answer);
        await server.UntilGaugeAsync("chat_connections", 0);
        var metrics = await server.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        metrics.Split('\n').Should().ContainSingle(line => line.StartsWith("chat_connections_closed_total", StringComparison.Ordinal)
            && line.Contains($"\"{reason}\"", StringComparison.Ordinal) && line.EndsWith(" 1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_stops_says_so_first_and_then_closes_with_1001()
    {
        var server = new ChatServer();
        await using var raw = await server.ConnectRawAsync();

        var stopping = server.DisposeAsync().AsTask();

        var draining = await raw.ReceiveAsync();
        draining.GetProperty("type").GetString().Should().Be("server_draining");
        draining.GetProperty("reconnect_within_ms").GetInt32().Should().BeInRange(1, 60_000);
        (await raw.ReceiveCloseAsync()).Should().Be(CloseCodes.GoingAway);
        await raw.Socket.CloseOutputAsync(WebSocketCloseStatus.EndpointUnavailable, null, CancellationToken.None).Soon();
        await stopping.Soon();
    }

    [Fact]
    public async Task A_server_that_drains_takes_no_message_any_more_and_says_so()
    {
        await using var server = new ChatServer();
        await using var raw = await server.ConnectRawAsync();
        server.Services.GetRequiredService<Readiness>().Draining();

        await raw.SendAsync("""{"type":"chat","id":"c1","agent":"script","content":"{\"steps\":[{\"say\":\"hello\"}]}"}""");

        var refused = await raw.ReceiveAsync();
        (refused.GetProperty("type").GetString(), refused.GetProperty("code").GetString()).Should().Be(("error", "unavailable"));
    }
}
