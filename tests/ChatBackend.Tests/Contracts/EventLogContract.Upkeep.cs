using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Tests.Contracts;

public abstract partial class EventLogContract
{
    private IThreadStore Store => (IThreadStore)Log;

    [Fact]
    [Trait("failure", "P6")]
    public async Task A_thread_is_found_by_its_owner_alone()
    {
        var writer = LogWriter.OfNewThread(Log);
        await writer.AppendAsync(writer.Next("a", "b") with { Title = "T", OpenFrom = 1 });

        (await Store.FindAsync(writer.Owner, writer.Thread, Cancellation)).Should()
            .Be(new ThreadRecord(writer.Thread, "T", false, LogWriter.At, LogWriter.At, 2, true, 1));
        (await Store.FindAsync(UserId.New(), writer.Thread, Cancellation)).Should().BeNull();
        (await Store.ArchiveAsync(UserId.New(), writer.Thread, true, Cancellation)).Should().BeFalse();
        (await Store.ArchiveAsync(writer.Owner, writer.Thread, true, Cancellation)).Should().BeTrue();
        (await Store.FindAsync(writer.Owner, writer.Thread, Cancellation))!.IsArchived.Should().BeTrue();
    }

    [Fact]
    [Trait("failure", "P11")]
    public async Task A_list_in_pages_is_the_list_of_the_first_page()
    {
        var user = UserId.New();
        var writers = new List<LogWriter>();
        for (var i = 0; i < 7; i++)
        {
            writers.Add(LogWriter.OfNewThread(Log, user));
            await writers[i].AppendAsync(Event(writers[i], i / 2)); // two of the same moment each
        }

        var first = await Store.ListAsync(user, false, null, 3, Cancellation);
        await writers[0].AppendAsync(Event(writers[0], 100));
        await writers[0].AppendAsync(Event(writers[0], 101));
        await writers[6].AppendAsync(Event(writers[6], 102));
        var late = LogWriter.OfNewThread(Log, user);
        await late.AppendAsync(Event(late, 103));
        var second = await Store.ListAsync(user, false, first.Next, 3, Cancellation);
        var third = await Store.ListAsync(user, false, second.Next, 3, Cancellation);

        first.Threads.Concat(second.Threads).Concat(third.Threads).Select(thread => thread.Thread)
            .Should().Equal(new[] { 6, 5, 4, 3, 2, 1, 0 }.Select(i => writers[i].Thread));
        third.Next.Should().BeNull();
        (await Store.ListAsync(user, false, null, 100, Cancellation)).Threads.Take(2).Select(thread => thread.Thread).Should().Equal(late.Thread, writers[6].Thread);
    }

    [Fact]
    [Trait("failure", "Q20")]
    public async Task A_list_is_in_the_order_of_what_happened_and_its_pages_hold_when_the_clock_was_set_back()
    {
        var user = UserId.New();
        var writers = new List<LogWriter>();
        for (var i = 0; i < 6; i++)
        {
            writers.Add(LogWriter.OfNewThread(Log, user));
            await writers[i].AppendAsync(Event(writers[i], i < 3 ? 36_000 + i : i)); // ten hours back after the third
            if (i == 3)
            {
                await ReopenAsync();
                writers = [.. writers.Select(writer => writer.On(Log))];
            }
        }

        var first = await Store.ListAsync(user, false, null, 2, Cancellation);
        await writers[1].AppendAsync(Event(writers[1], 10));
        await writers[4].AppendAsync(Event(writers[4], 11));
        var late = LogWriter.OfNewThread(Log, user);
        await late.AppendAsync(Event(late, 12));
        var second = await Store.ListAsync(user, false, first.Next, 2, Cancellation);
        var third = await Store.ListAsync(user, false, second.Next, 2, Cancellation);

        first.Threads.Concat(second.Threads).Concat(third.Threads).Select(thread => thread.Thread)
            .Should().Equal(new[] { 5, 4, 3, 2, 1, 0 }.Select(i => writers[i].Thread));
        third.Next.Should().BeNull();
        var now = (await Store.ListAsync(user, false, null, 100, Cancellation)).Threads;
        now.Select(thread => thread.Thread).Should().Equal(new[] { late, writers[4], writers[1], writers[5], writers[3], writers[2], writers[0] }.Select(writer => writer.Thread));
        now[0].UpdatedAt.Should().Be(LogWriter.At.AddSeconds(12), "that is when it happened by the clock");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2000)]
    public async Task A_thread_is_listed_where_it_stood_when_the_first_page_was_read(int characters)
    {
        var user = UserId.New();
        var (moved, below, top) = (LogWriter.OfNewThread(Log, user), LogWriter.OfNewThread(Log, user), LogWriter.OfNewThread(Log, user));
        await moved.AppendAsync(Event(moved, 0));
        await below.AppendAsync(Event(below, 1));
        await moved.AppendAsync(Event(moved, 2, characters));
        await top.AppendAsync(Event(top, 3));

        var first = await Store.ListAsync(user, false, null, 1, Cancellation);
        await moved.AppendAsync(Event(moved, 10, characters));
        var second = await Store.ListAsync(user, false, first.Next, 1, Cancellation);
        var third = await Store.ListAsync(user, false, second.Next, 1, Cancellation);

        new[] { first, second, third }.Select(page => page.Threads.Single().Thread).Should().Equal(top.Thread, moved.Thread, below.Thread);
    }

    [Fact]
    public async Task What_is_saved_without_an_event_is_not_activity()
    {
        var writer = await LogWriter.StartAsync(Log);

        await writer.AppendAsync(writer.Next() with { At = LogWriter.At.AddHours(1), Checkpoint = new PartCheckpoint(RunId.New(), PartId.New(), PartKind.Text, 0, "x") });

        (await Store.FindAsync(writer.Owner, writer.Thread, Cancellation))!.UpdatedAt.Should().Be(LogWriter.At);
    }

    [Fact]
    [Trait("failure", "P6")]
    public async Task A_deleted_thread_is_nobodys_and_no_writer_of_it_writes_again()
    {
        var writer = LogWriter.OfNewThread(Log);
        await writer.AppendAsync(writer.NextOf("msg_1", "gone") with { Command = LogWriter.Command(writer.Owner, "c1", "ack"), OpenFrom = 1, Title = "T" });
        var command = new ClientFrameId("c1");

        (await Store.DeleteAsync(writer.Thread, writer.Epoch + 1, Cancellation)).Should().BeFalse("that is another writer's epoch");
        (await Store.DeleteAsync(writer.Thread, writer.Epoch, Cancellation)).Should().BeTrue();
        (await Store.DeleteAsync(writer.Thread, writer.Epoch, Cancellation)).Should().BeFalse();

        await ThereIsNothingAsync();
        (await writer.AppendAsync("more")).Should().Be(AppendResult.Fenced.Instance);
        (await writer.AppendAsync(writer.Next() with { Checkpoint = new PartCheckpoint(RunId.New(), PartId.New(), PartKind.Text, 0, "x") }))
            .Should().Be(AppendResult.Fenced.Instance);
        while (!await Store.EraseAsync(Cancellation))
        {
        }

        await ThereIsNothingAsync();
        (await Log.FindCommandAsync(writer.Owner, command, Cancellation)).Should().NotBeNull("a late retry must have no second effect");

        async Task ThereIsNothingAsync()
        {
            (await Log.OpenAsync(writer.Thread, Cancellation)).Should().BeNull();
            (await Log.ReadAsync(writer.Thread, 0, 10, 1000, Cancellation)).Should().BeEmpty();
            (await Log.FindEventAsync(writer.Thread, "msg_1", Cancellation)).Should().BeNull();
            (await Store.ListAsync(writer.Owner, false, null, 10, Cancellation)).Threads.Should().BeEmpty();
            (await Log.ThreadsWithOpenWorkAsync(Cancellation)).Should().BeEmpty();
        }
    }

    [Fact]
    public async Task Erasing_takes_a_little_at_a_time_goes_on_after_a_restart_and_touches_no_other()
    {
        var (big, other) = (LogWriter.OfNewThread(Log), await LogWriter.StartAsync(Log));
        await big.AppendAsync([.. Enumerable.Range(0, 600).Select(i => $"word{i}")]);
        await Store.DeleteAsync(big.Thread, big.Epoch, Cancellation);

        for (var step = 0; step < 3; step++)
        {
            (await Store.EraseAsync(Cancellation)).Should().BeFalse("600 events are more than a little");
        }

        await ReopenAsync();
        while (!await Store.EraseAsync(Cancellation))
        {
        }

        (await Log.OpenAsync(other.Thread, Cancellation))!.Head.Should().Be(1);
    }

    [Fact]
    public async Task A_trimmed_history_begins_where_it_was_told_and_its_writer_goes_on()
    {
        var writer = LogWriter.OfNewThread(Log);
        await writer.AppendAsync(writer.NextOf("msg_1", "one"));
        await writer.AppendAsync([.. Enumerable.Range(2, 499).Select(i => $"old{i}")]);
        await writer.AppendAsync("new", "newer");
        (await Store.CreatedBeforeAsync(LogWriter.At.AddDays(1), 0, 10, Cancellation)).Should().ContainSingle()
            .Which.Should().Match<ThreadHistory>(thread => thread.Thread == writer.Thread && thread.Begins == 1 && thread.Head == 502 && !thread.IsUntrimmed);

        (await Store.TrimAsync(writer.Thread, 501, Cancellation)).Should().BeFalse();
        (await Store.CreatedBeforeAsync(LogWriter.At.AddDays(1), 0, 10, Cancellation))[0].IsUntrimmed.Should().BeTrue();
        while (!await Store.TrimAsync(writer.Thread, 100, Cancellation))
        {
        }

        (await Log.ReadAsync(writer.Thread, 0, 1000, 100_000, Cancellation)).Select(e => e.Seq).Should().Equal(501, 502);
        (await Log.FindEventAsync(writer.Thread, "msg_1", Cancellation)).Should().BeNull();
        (await writer.AppendAsync("newest")).Should().Be(AppendResult.Appended.Instance);
        (await Log.OpenAsync(writer.Thread, Cancellation))!.HistoryBegins.Should().Be(501);
        (await Store.CreatedBeforeAsync(LogWriter.At.AddDays(1), 0, 10, Cancellation)).Should().ContainSingle()
            .Which.Should().Match<ThreadHistory>(thread => thread.Begins == 501 && thread.Head == 503 && !thread.IsUntrimmed);
        (await Store.CreatedBeforeAsync(LogWriter.At, 0, 10, Cancellation)).Should().BeEmpty("it was created then, not before");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(WholeResult.PieceBytes)]
    [InlineData((20 * WholeResult.PieceBytes) + 1)]
    public async Task A_whole_result_comes_with_its_event_stays_after_a_restart_and_goes_with_it(int bytes)
    {
        var writer = await LogWriter.StartAsync(Log);
        var json = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, (bytes / 8) + 1).Select(n => $"{n,8}"))[..bytes]);
        CallId trimmed = new("call_1"), kept = new("call_2");
        await writer.AppendAsync(writer.Next("event") with { Result = WholeResult.Of(trimmed, json) });
        await writer.AppendAsync(writer.Next("event") with { Result = WholeResult.Of(kept, json) });
        await ReopenAsync();
        (await WholeAsync(writer.Thread, trimmed)).Should().Equal(json);
        (await Store.ReadResultAsync(ThreadId.New(), trimmed, 0, Cancellation)).Should().BeNull("it is of another thread");

        while (!await Store.TrimAsync(writer.Thread, 3, Cancellation))
        {
        }

        (await Store.ReadResultAsync(writer.Thread, trimmed, 0, Cancellation)).Should().BeNull();
        (await WholeAsync(writer.Thread, kept)).Should().Equal(json);

        await Store.DeleteAsync(writer.Thread, 1, Cancellation);
        (await Store.ReadResultAsync(writer.Thread, kept, 0, Cancellation)).Should().BeNull();
        while (!await Store.EraseAsync(Cancellation))
        {
        }
    }

    private async Task<byte[]> WholeAsync(ThreadId thread, CallId call)
    {
        var whole = new List<byte>();
        ResultPiece piece;
        do
        {
            piece = (await Store.ReadResultAsync(thread, call, whole.Count / WholeResult.PieceBytes, Cancellation))!;
            whole.AddRange(piece.Bytes.ToArray());
        }
        while (whole.Count < piece.Total);
        return [.. whole];
    }

    // The time is in the event too, as the writer puts it there.
    private static LogAppend Event(LogWriter writer, int seconds, int characters = 0)
    {
        var at = LogWriter.At.AddSeconds(seconds);
        var json = WireJson.Encode(new UserMessage
        {
            ThreadId = writer.Thread, Seq = writer.Head + 1, At = at, MessageId = MessageId.New(), Content = new string('a', characters), ClientId = ClientFrameId.New(),
        });
        return writer.Next("x") with { At = at, Events = [new LogEvent(writer.Head + 1, json, null)] };
    }
}
