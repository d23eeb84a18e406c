using System.Text;
using System.Text.Json;
using ChatBackend.Connections;
using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Following;

/// <summary>A delivery or a catch-up that throws costs its one follower a fresh start: no event is left out, and no other user notices.</summary>
public sealed class FollowerFaultTests
{
    private const string Long = """{"steps":[{"say":"$"},{"tool":"look"},{"say":"two"}]}""";

    [Fact]
    [Trait("failure", "Q8")]
    public async Task A_delivery_that_throws_costs_neither_its_follower_nor_another_an_event()
    {
        var faults = new Faults();
        await using var server = new ChatServer(faults.OfDeliveries);
        var guest = await server.GuestAsync();
        await using var writer = await server.ConnectRawAsync(guest);
        var thread = await ChatAsync(writer, "c1", null);
        await UntilAsync(writer, "agent_completed");
        await using var reader = await server.ConnectRawAsync(guest);
        await FollowAsync(reader, thread);
        var head = (await UntilAsync(reader, "caught_up"))[^1].GetProperty("seq").GetInt64();

        faults.NextDeliveryOf = "tool_executing"; // to the writer's connection, which followed first
        await ChatAsync(writer, "c2", thread);

        var seqs = SeqsOf(await UntilAsync(reader, "agent_completed"));
        seqs.Should().Equal(Enumerable.Range(1, 6).Select(after => head + after));
        SeqsOf(await UntilAsync(writer, "agent_completed")).Should().Equal(seqs);
        faults.Thrown.Should().Be(1);
    }

    [Fact]
    [Trait("failure", "Q7")]
    public async Task A_catch_up_whose_reads_throw_goes_on_from_where_it_was()
    {
        var faults = new Faults();
        await using var server = new ChatServer(faults.OfReads);
        var guest = await server.GuestAsync();
        await using var writer = await server.ConnectRawAsync(guest);
        var thread = await LongThreadAsync(writer);
        await using var reader = await server.ConnectRawAsync(guest);

        faults.FailingReads = 2;
        await FollowAsync(reader, thread);
        var frames = await UntilAsync(reader, "caught_up");

        SeqsOf(frames).Should().Equal(Enumerable.Range(1, SeqsOf(frames).Count).Select(seq => (long)seq)).And.HaveCountGreaterThan(10);
        faults.Thrown.Should().Be(2);
    }

    [Fact]
    [Trait("failure", "Q7")]
    public async Task Who_leaves_while_its_catch_up_fails_leaves_its_other_threads_whole_and_its_connection_is_counted_as_closed()
    {
        var faults = new Faults();
        await using var server = new ChatServer(faults.OfReads);
        var guest = await server.GuestAsync();
        await using var writer = await server.ConnectRawAsync(guest);
        var thread = await LongThreadAsync(writer);
        var reader = await server.ConnectRawAsync(guest);
        faults.FailingReads = int.MaxValue;
        await FollowAsync(reader, thread);
        await faults.Failed.Task.Soon();

        await reader.SendAsync($$"""{"type":"unfollow","id":"u1","thread_id":"{{thread}}"}""");
        var frames = await UntilAsync(reader, "ack");
        await FollowAsync(reader, thread);
        await reader.SendAsync("""{"type":"ping","id":"p1"}""");
        await UntilAsync(reader, "pong");
        await reader.DisposeAsync();

        frames.Should().NotContain(frame => TypeOf(frame) == "error");
        await server.UntilGaugeAsync("chat_connections", 1);
        await server.UntilGaugeAsync("chat_connection_scopes", 1);
    }

    private static async Task<string> LongThreadAsync(RawSocket writer)
    {
        string? thread = null;
        for (var run = 0; run < 3; run++)
        {
            thread = await ChatAsync(writer, $"c{run}", thread, Long.Replace("$", new string('x', 40_000), StringComparison.Ordinal));
            await UntilAsync(writer, "agent_completed");
        }

        return thread!;
    }

    private static async Task<string> ChatAsync(RawSocket socket, string id, string? thread, string? content = null)
    {
        var text = JsonSerializer.Serialize(content ?? Long.Replace("$", "one", StringComparison.Ordinal));
        await socket.SendAsync($$"""{"type":"chat","id":"{{id}}","agent":"script","content":{{text}}{{(thread is null ? "" : $",\"thread_id\":\"{thread}\"")}}}""");
        return (await UntilAsync(socket, "ack"))[^1].GetProperty("thread_id").GetString()!;
    }

    private static Task FollowAsync(RawSocket socket, string thread) =>
        socket.SendAsync($$"""{"type":"follow","id":"f1","thread_id":"{{thread}}","after_seq":0}""");

    private static async Task<List<JsonElement>> UntilAsync(RawSocket socket, string type)
    {
        List<JsonElement> frames = [];
        do
        {
            frames.Add(await socket.ReceiveAsync());
        }
        while (TypeOf(frames[^1]) != type);
        return frames;
    }

    private static string TypeOf(JsonElement frame) => frame.GetProperty("type").GetString()!;

    private static List<long> SeqsOf(List<JsonElement> frames) =>
        [.. frames.Where(frame => TypeOf(frame) is not "ack" and not "caught_up" && frame.TryGetProperty("seq", out _)).Select(frame => frame.GetProperty("seq").GetInt64())];

    /// <summary>Faults that the outbox and the log do not have by themselves.</summary>
    private sealed class Faults
    {
        private int _thrown;

        public TaskCompletionSource Failed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string? NextDeliveryOf { get; set; }

        public int FailingReads { get; set; }

        public int Thrown => _thrown;

        public void OfDeliveries(IServiceCollection services) => services.AddSingleton<IConnectionOutboxes>(provider => new FaultyOutboxes(provider.GetRequiredService<MessageRouter>(), this));

        public void OfReads(IServiceCollection services) => services.Decorate<IEventLog>((log, method, call) =>
        {
            if (method != nameof(IEventLog.ReadAsync) || FailingReads == 0)
            {
                return call();
            }

            FailingReads--;
            Throw("The log could not be read.");
            return null;
        });

        private void OfFrame(OutboundFrame frame)
        {
            if (NextDeliveryOf is { } type && Encoding.UTF8.GetString(frame.Encoded().Span).Contains($"\"{type}\"", StringComparison.Ordinal))
            {
                NextDeliveryOf = null;
                Throw("The frame could not be delivered.");
            }
        }

        private void Throw(string message)
        {
            Interlocked.Increment(ref _thrown);
            Failed.TrySetResult();
            throw new InvalidOperationException(message);
        }

        private sealed class FaultyOutboxes(MessageRouter router, Faults faults) : IConnectionOutboxes
        {
            public bool TakesHistory => router.TakesHistory;

            public IConnectionOutbox? Find(ConnectionId connection) => router.Find(connection) is { } outbox ? new FaultyOutbox(outbox, faults) : null;
        }

        private sealed class FaultyOutbox(IConnectionOutbox outbox, Faults faults) : IConnectionOutbox
        {
            public bool Add(in OutboundFrame frame)
            {
                faults.OfFrame(frame);
                return outbox.Add(frame);
            }

            public void Flush() => outbox.Flush();

            public bool HasRoom(int bytes) => outbox.HasRoom(bytes);

            public ValueTask<bool> WaitForRoomAsync(int bytes, CancellationToken cancellationToken) => outbox.WaitForRoomAsync(bytes, cancellationToken);
        }
    }
}
