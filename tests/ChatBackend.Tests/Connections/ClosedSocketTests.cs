using System.Net.WebSockets;
using System.Text;
using ChatBackend.Connections;
using ChatBackend.Protocol;
using ChatBackend.Telemetry;
using ChatBackend.Tests.Agents;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Connections;

/// <summary>What a socket leaves behind holds no place, no stop and no unbounded memory; and a message that never ends holds its socket for a minute at most.</summary>
public sealed class ClosedSocketTests
{
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    [Trait("failure", "Q6")]
    public async Task A_closed_socket_gives_its_place_back_at_once_and_what_it_had_sent_is_carried_out()
    {
        const string chat = """{"type":"chat","id":"c1","agent":"script","content":"{\"steps\":[{\"say\":\"hello\"}]}"}""";
        await using var server = new ChatServer(
            services => services.Decorate<IGrainFactory>((_, _, call) => call() is var made && made is IThreadGrain grain ? Slow(grain) : made), ("Connections:MaxConnections", "2"));
        var guest = await server.GuestAsync();
        await using var other = await server.ConnectRawAsync();
        var first = await server.ConnectRawAsync(guest);
        await first.SendAsync(chat);
        await first.SendAsync("""{"type":"ping","id":"p1"}""");
        await first.ReceiveAsync();

        await first.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).Soon();
        await server.UntilGaugeAsync("chat_connections", 1);
        await using var second = await server.ConnectRawAsync(guest);
        (await server.GaugeAsync("chat_connection_scopes")).Should().Be(3, "the first one's command is still under way");
        _gate.SetResult();
        await server.UntilGaugeAsync("chat_connection_scopes", 2);

        await second.SendAsync(chat);
        (await second.ReceiveAsync()).GetProperty("status").GetString().Should().Be("duplicate");
    }

    [Fact]
    [Trait("failure", "Q6")]
    [Trait("failure", "Q7")]
    public async Task One_subscription_that_does_not_end_keeps_none_of_the_others_from_it()
    {
        var ended = 0;
        await using var server = new ChatServer(services => services.Decorate<IGrainFactory>((_, _, call) => call() switch
        {
            IThreadGrain grain => ServiceDecoration.Of<IThreadGrain>(grain, (_, called, next) =>
                called == nameof(IThreadGrain.Unsubscribe) && Interlocked.Increment(ref ended) == 1
                    ? Task.FromException(new InvalidOperationException("The thread could not be left."))
                    : next()),
            var other => other,
        }));
        var client = await server.ConnectAsync();
        for (var thread = 0; thread < 3; thread++)
        {
            await client.EndOfAsync(await client.PlayAsync("""{"steps":[{"say":"hello"}]}"""));
        }

        await client.DisposeAsync();

        await server.UntilGaugeAsync("chat_connection_scopes", 0);
        ended.Should().Be(3);
        (await server.GaugeAsync("chat_connections")).Should().Be(0);
    }

    [Fact]
    [Trait("failure", "Q6")]
    public async Task What_closed_connections_left_is_bounded_for_all_together()
    {
        var (left, carriedOut) = (Left(), 0);
        var (first, second) = (Queue(() => carriedOut++), Queue(() => carriedOut++));
        var finishing = left.FinishAsync(first, TimeSpan.FromSeconds(2), TimeProvider.System, CancellationToken.None);
        var tooMuch = left.FinishAsync(second, TimeSpan.FromSeconds(2), TimeProvider.System, CancellationToken.None);

        _gate.SetResult();
        await Task.WhenAll(finishing, tooMuch).Soon();

        carriedOut.Should().Be(4, "three of the first connection, and the one of the second that had begun");
        (second.WaitingBytes, first.WaitingBytes).Should().Be((0, 0));
    }

    [Fact]
    [Trait("failure", "Q6")]
    public async Task What_closed_connections_left_does_not_hold_up_a_stop()
    {
        var commands = Queue(() => { });
        using var stopping = new CancellationTokenSource();
        var finishing = Left().FinishAsync(commands, TimeSpan.FromSeconds(2), new InstantTime(), stopping.Token);
        finishing.IsCompleted.Should().BeFalse();

        await stopping.CancelAsync();

        (await finishing.Soon()).Should().BeFalse();
        commands.WaitingBytes.Should().Be(0);
    }

    [Fact]
    [Trait("failure", "Q12")]
    public async Task A_message_that_does_not_end_in_time_ends_its_connection_though_pings_are_answered()
    {
        await using var server = new ChatServer(("Connections:MessageTimeout", "00:00:01"), ("Connections:HeartbeatInterval", "00:00:01"));
        await using var socket = await server.ConnectRawAsync();

        await socket.SendAsync(Encoding.UTF8.GetBytes("""{"type":"ping","""), isEnd: false);

        (await socket.ReceiveCloseAsync()).Should().Be(CloseCodes.TimedOut);
        await server.UntilGaugeAsync("chat_connection_scopes", 0);
        (await server.GaugeAsync("chat_connections_closed_total{reason=\"message_timed_out\"}")).Should().Be(1);
    }

    private IThreadGrain Slow(IThreadGrain grain) => ServiceDecoration.Of(grain, (_, called, next) =>
        called == nameof(IThreadGrain.Chat) ? AfterGateAsync(() => (Task<CommandReply>)next()!) : next());

    private async Task<CommandReply> AfterGateAsync(Func<Task<CommandReply>> call)
    {
        await _gate.Task;
        return await call();
    }

    /// <summary>Three commands of 500 KiB, of which the first is being carried out.</summary>
    private CommandQueue Queue(Action carriedOut)
    {
        var begun = new TaskCompletionSource();
        var queue = new CommandQueue(new ConnectionOptions(), TimeProvider.System, async (_, _) =>
        {
            begun.TrySetResult();
            await _gate.Task;
            carriedOut();
        });
        for (var i = 0; i < 3; i++)
        {
            queue.TryAdd(new StopFrame { Id = new ClientFrameId($"s{i}"), ThreadId = new ThreadId("thr_1") }, 500 * 1024).Should().BeTrue();
        }

        SpinWait.SpinUntil(() => begun.Task.IsCompleted, TimeSpan.FromSeconds(20)).Should().BeTrue();
        return queue;
    }

    private static LeftCommands Left()
    {
        var services = new ServiceCollection().AddMetrics().AddSingleton<ChatMetrics>().BuildServiceProvider();
        return new LeftCommands(Options.Create(new ConnectionOptions { MaxLeftCommandBytes = 1536 * 1024 }), services.GetRequiredService<ChatMetrics>());
    }
}
