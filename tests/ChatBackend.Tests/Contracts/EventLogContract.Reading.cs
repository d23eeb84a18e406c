using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Tests.Contracts;

public abstract partial class EventLogContract
{
    [Fact]
    [Trait("failure", "P11")]
    public async Task A_page_ends_at_its_number_of_events()
    {
        var writer = LogWriter.OfNewThread(Log);
        await writer.AppendAsync("a", "b", "c", "d");

        (await Log.ReadAsync(writer.Thread, 0, 3, 1000, Cancellation)).Select(e => e.Seq).Should().Equal(1, 2, 3);
        (await Log.ReadAsync(writer.Thread, 3, 3, 1000, Cancellation)).Select(e => e.Seq).Should().Equal(4);
        (await Log.ReadAsync(writer.Thread, 4, 3, 1000, Cancellation)).Should().BeEmpty();
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(10, 1)]
    [InlineData(11, 2)]
    [InlineData(25, 3)]
    public async Task A_page_takes_no_further_event_once_its_bytes_are_reached(int maxBytes, int events)
    {
        var writer = LogWriter.OfNewThread(Log);
        await writer.AppendAsync([.. Enumerable.Repeat("0123456789", 5)]);

        (await Log.ReadAsync(writer.Thread, 0, 100, maxBytes, Cancellation)).Should().HaveCount(events);
    }

    [Theory]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(5_000)]
    [InlineData(300_000)]
    public async Task An_event_comes_back_byte_for_byte_however_long_it_is(int bytes)
    {
        var writer = LogWriter.OfNewThread(Log);
        byte[][] written = [Encoding.UTF8.GetBytes(new string('a', bytes)), LogWriter.Incompressible(bytes), [1, .. LogWriter.Incompressible(bytes)]];
        await writer.AppendAsync(writer.Next() with { Events = [.. written.Select((json, i) => new LogEvent(1 + i, json))] });

        (await Log.ReadAsync(writer.Thread, 0, 100, int.MaxValue, Cancellation)).Select(e => e.Json.ToArray())
            .Should().BeEquivalentTo(written, how => how.WithStrictOrdering());
    }

    [Fact]
    [Trait("failure", "M2")]
    public async Task What_is_stored_beside_events_is_read_by_itself_and_goes_when_they_go()
    {
        var (writer, other) = (LogWriter.OfNewThread(Log), LogWriter.OfNewThread(Log));
        byte[][] records = [[], LogWriter.Incompressible(10), Encoding.UTF8.GetBytes(new string('r', 5_000)), [], "last"u8.ToArray()];
        await writer.AppendAsync(writer.Next() with { Events = [.. records.Select((record, i) => new LogEvent(1 + i, "{}"u8.ToArray(), Record: record))] });
        await other.AppendAsync(other.Next() with { Events = [new LogEvent(1, "{}"u8.ToArray(), Record: "other"u8.ToArray())] });

        async Task<List<long>> BesideAsync(long from, long to) => [.. (await Log.ReadRecordsAsync(writer.Thread, from, to, Cancellation)).Select(record => record.Seq)];
        (await Log.ReadRecordsAsync(writer.Thread, 1, 5, Cancellation)).Select(record => record.Json.ToArray()).Should()
            .BeEquivalentTo(new[] { records[1], records[2], records[4] }, how => how.WithStrictOrdering());
        (await BesideAsync(3, 5)).Should().Equal(3, 5);
        (await BesideAsync(3, 4)).Should().Equal(3);
        (await Log.ReadAsync(writer.Thread, 0, 10, int.MaxValue, Cancellation)).Should().OnlyContain(stored => stored.Json.Length == 2);

        (await Store.TrimAsync(writer.Thread, 4, Cancellation)).Should().BeTrue();
        (await BesideAsync(1, 5)).Should().Equal(5);
    }

    [Fact]
    [Trait("failure", "P11")]
    public async Task Reading_back_gives_the_last_events_before_a_place_in_order()
    {
        var writer = LogWriter.OfNewThread(Log);
        await writer.AppendAsync("a", "b", "c", "d", "e");

        (await Log.ReadBackAsync(writer.Thread, 5, 2, Cancellation)).Select(e => e.Seq).Should().Equal(3, 4);
        (await Log.ReadBackAsync(writer.Thread, 3, 10, Cancellation)).Select(e => e.Seq).Should().Equal(1, 2);
        (await Log.ReadBackAsync(writer.Thread, long.MaxValue, 1, Cancellation)).Select(e => e.Seq).Should().Equal(5);
    }

    [Fact]
    public async Task Pieces_of_a_part_come_back_in_order_until_the_part_is_durable()
    {
        var writer = await LogWriter.StartAsync(Log);
        var other = await LogWriter.StartAsync(Log);
        var (run, part) = (RunId.New(), PartId.New());
        PartCheckpoint[] pieces = [new(run, part, PartKind.Text, 0, "Hel"), new(run, part, PartKind.Text, 3, "lo 🌍")];
        foreach (var piece in pieces)
        {
            await writer.AppendAsync(writer.Next() with { Checkpoint = piece });
            await other.AppendAsync(other.Next() with { Checkpoint = piece });
        }

        (await Log.ReadCheckpointsAsync(writer.Thread, Cancellation)).Should().Equal(pieces);

        await writer.AppendAsync(writer.Next("Hello 🌍") with { DropCheckpoints = true });
        (await Log.ReadCheckpointsAsync(writer.Thread, Cancellation)).Should().BeEmpty();
        (await Log.ReadCheckpointsAsync(other.Thread, Cancellation)).Should().Equal(pieces);
    }

    [Fact]
    public async Task One_append_can_end_a_part_and_begin_the_next()
    {
        var writer = await LogWriter.StartAsync(Log);
        var run = RunId.New();
        var next = new PartCheckpoint(run, PartId.New(), PartKind.Text, 0, "new");
        await writer.AppendAsync(writer.Next() with { Checkpoint = new PartCheckpoint(run, PartId.New(), PartKind.Text, 0, "old") });

        await writer.AppendAsync(writer.Next("old") with { DropCheckpoints = true, Checkpoint = next });

        (await Log.ReadCheckpointsAsync(writer.Thread, Cancellation)).Should().Equal(next);
    }

    [Fact]
    public async Task Threads_with_open_work_are_those_whose_mark_is_set()
    {
        var open = await LogWriter.StartAsync(Log);
        var done = await LogWriter.StartAsync(Log);
        await open.AppendAsync(open.Next("started") with { OpenFrom = 2 });
        await done.AppendAsync(done.Next("started") with { OpenFrom = 2 });
        await done.AppendAsync(done.Next("completed"));

        (await Log.ThreadsWithOpenWorkAsync(Cancellation)).Should().Equal(open.Thread);
    }
}
