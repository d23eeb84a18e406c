using System.Text.Json;
using ChatBackend.Connections;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Connections;

/// <summary>Readers who ask for much and read nothing take no more memory together than they may, and nobody else waits for them.</summary>
public sealed class OutboxMemoryTests
{
    private const int SendBuffer = 8 * 1024;
    private const int Max = 1024 * 1024;

    [Fact]
    [Trait("failure", "Q12")]
    public async Task Readers_who_read_nothing_hold_no_more_than_all_may_and_those_that_hold_most_are_closed()
    {
        await using var server = new ChatServer(SendBuffer, ("Connections:MaxTotalOutboxBytes", $"{Max}"));
        await using var client = await server.ConnectAsync();
        var thread = await LongThreadAsync(client);
        var deaf = new List<RawSocket>();
        for (var i = 0; i < 12; i++)
        {
            deaf.Add(await server.ConnectRawAsync(client.Guest));
            await deaf[^1].SendAsync($$"""{"type":"follow","id":"f1","thread_id":"{{thread}}","after_seq":0}""");
        }

        var most = 0.0;
        using var deadline = Deadline.Source();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await IsClosedAsync(server))
        {
            await client.PlayAsync($$"""{"steps":[{"say":"{{new string('x', 30_000)}}"}]}""", thread);
            most = Math.Max(most, await server.GaugeAsync("chat_outbox_usage_bytes"));
            await timer.WaitForNextTickAsync(deadline.Token);
        }

        most.Should().BeInRange(1, 2 * Max);
        await client.EndOfAsync(await client.PlayAsync("""{"steps":[{"say":"hello"}]}""", thread));
        foreach (var socket in deaf)
        {
            await socket.DisposeAsync();
        }

        await server.UntilGaugeAsync("chat_outbox_usage_bytes", 0);
    }

    [Fact]
    [Trait("failure", "Q12")]
    public async Task While_too_much_waits_history_is_refused_for_a_moment_and_chats_go_on()
    {
        await using var server = new ChatServer(("Connections:MaxTotalOutboxBytes", $"{Max}"));
        await using var client = await server.ConnectAsync();
        var thread = await LongThreadAsync(client);
        await using var late = await server.ConnectRawAsync(client.Guest);
        var (memory, held) = (server.Services.GetRequiredService<OutboxMemory>(), 0);
        var follow = $$"""{"type":"follow","id":"f1","thread_id":"{{thread}}","after_seq":0}""";

        memory.Change(ref held, Max + 1);
        await late.SendAsync(follow);
        var refused = await late.ReceiveAsync();
        await client.EndOfAsync(await client.PlayAsync("""{"steps":[{"say":"hello"}]}""", thread));
        memory.Change(ref held, 0);
        await late.SendAsync(follow);

        refused.GetProperty("code").GetString().Should().Be("unavailable");
        refused.GetProperty("retry_after_ms").GetInt32().Should().BePositive();
        (await late.ReceiveAsync()).GetProperty("seq").GetInt64().Should().Be(1);
    }

    [Fact]
    [Trait("failure", "Q12")]
    public async Task One_that_holds_more_than_its_share_of_too_much_is_the_one_to_go()
    {
        await using var server = new ChatServer(("Connections:MaxTotalOutboxBytes", $"{Max}"));
        var memory = server.Services.GetRequiredService<OutboxMemory>();
        var (small, large) = (0, 0);

        memory.Change(ref small, Max / 4);
        memory.Change(ref large, Max);

        (memory.IsFull, memory.IsOverItsShare(small), memory.IsOverItsShare(large)).Should().Be((true, false, true));
        memory.Change(ref large, 0);
        (memory.IsFull, memory.IsOverItsShare(small)).Should().Be((false, false));

        var (first, second) = (0, 0);
        memory.Change(ref first, Max);
        memory.Change(ref second, 1);
        memory.Change(ref second, 0);
        memory.IsOverItsShare(Max / 2 + 1).Should().BeTrue("two are left to share");
        memory.IsOverItsShare(Max / 3).Should().BeFalse();
    }

    private static async Task<ThreadId> LongThreadAsync(TestClient client)
    {
        ThreadId? thread = null;
        for (var run = 0; run < 12; run++)
        {
            var ack = await client.PlayAsync(JsonSerializer.Serialize(new { steps = new[] { new { say = new string('x', 100_000) } } }), thread);
            await client.EndOfAsync(ack);
            thread = ack.ThreadId;
        }

        return thread!.Value;
    }

    private static async Task<bool> IsClosedAsync(ChatServer server) =>
        (await server.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative))).Contains("chat_connections_closed_total{reason=\"outbox_full\"}", StringComparison.Ordinal);
}
