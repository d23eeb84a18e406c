using System.Text;
using ChatBackend.Connections;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Connections;

/// <summary>The sweep ends those whose time is over and as many of those that read slowly as it has to; one that it breaks at costs no other.</summary>
public sealed class ConnectionSweepTests : IDisposable
{
    private const int SendBuffer = 8 * 1024;
    private const int Max = 4 * 1024 * 1024;
    private const string Failing = """chat_background_items_failing{service="sweep"}""";

    private readonly LogLines _lines = new(typeof(ConnectionSweep).FullName!);

    public void Dispose() => _lines.Dispose();

    [Fact]
    [Trait("failure", "Q1")]
    public async Task A_connection_at_which_the_sweep_breaks_is_named_and_the_others_are_swept()
    {
        await using var server = new ChatServer(Logged, ("Connections:MessageTimeout", "00:00:01"));
        await using var scope = server.Services.CreateAsyncScope();
        var router = server.Services.GetRequiredService<MessageRouter>();
        var broken = scope.ServiceProvider.GetRequiredService<AgentMessageHandler>(); // has no session, which nothing but a bug could bring about
        router.Register(broken.Id, broken);
        await _lines.UntilAsync(line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains(broken.Id.Value, StringComparison.Ordinal)).Soon();
        await server.UntilGaugeAsync(Failing, 1);

        await using var late = await server.ConnectRawAsync();
        await late.SendAsync(Encoding.UTF8.GetBytes("""{"type":"ping","""), isEnd: false);

        (await late.ReceiveCloseAsync()).Should().Be(CloseCodes.TimedOut);
        router.Remove(broken.Id, broken).Should().BeTrue();
        await server.UntilGaugeAsync(Failing, 0);
    }

    [Fact]
    [Trait("failure", "Q12")]
    public async Task No_more_slow_readers_are_closed_than_the_others_need_to_fit()
    {
        await using var server = new ChatServer(
            SendBuffer, Logged,
            ("Connections:MaxTotalOutboxBytes", $"{Max}"), ("Connections:SendTimeout", "00:05:00"), ("Connections:CloseTimeout", "00:00:00.2"));
        await using var writer = await server.ConnectAsync();
        var thread = await (await server.RestAsync(writer.Guest)).CreateAsync();
        using var link = new SlowLink();
        link.Open();
        var ends = 0;
        await using var first = await SlowAsync();
        await using var second = await SlowAsync();
        link.Shut();
        var last = await writer.EndOfAsync(await writer.PlayAsync($$"""{"steps":[{"say":"{{new string('x', 100_000)}}"}]}""", thread));
        var (router, memory, other) = (server.Services.GetRequiredService<MessageRouter>(), server.Services.GetRequiredService<OutboxMemory>(), 0);
        // The writer may hear of the end before the others are sent it.
        await Deadline.UntilAsync(() => router.Handlers.Count(handler => handler.HeldBytes > 10_000) == 2);

        memory.Change(ref other, (int)-memory.Excess + 1); // one byte more than all may hold
        await _lines.UntilAsync(line => line.Contains("MaxTotalOutboxBytes", StringComparison.Ordinal)).Soon();
        memory.Change(ref other, 0);
        link.Open();
        await first.Connection.FollowerOf(thread).WaitForAsync(threadEvent => threadEvent.Seq == last.Seq).Soon();
        await second.Connection.FollowerOf(thread).WaitForAsync(threadEvent => threadEvent.Seq == last.Seq).Soon();

        _lines.All.Should().ContainSingle().Which.Should().StartWith("Warning: 1 connections");
        ends.Should().Be(1);

        async Task<TestClient> SlowAsync()
        {
            var client = await server.ConnectAsync(writer.Guest, options => options with { Invoker = link.Invoker, OnDisconnected = _ => Interlocked.Increment(ref ends) });
            await client.Connection.FollowAsync(thread).Soon();
            return client;
        }
    }

    private void Logged(IServiceCollection services) =>
        services.AddSingleton<ILogger<ConnectionSweep>>(new Logger<ConnectionSweep>(LoggerFactory.Create(logging => logging.AddProvider(_lines))));
}
