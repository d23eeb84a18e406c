using ChatBackend.Client;
using ChatBackend.Client.Threads;
using ChatBackend.Protocol;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

public sealed class FrameLogTests
{
    [Fact]
    public async Task The_newest_frames_stay_as_many_as_fit_and_a_reader_of_older_ones_is_told()
    {
        var log = new FrameLog(maxBytes: 30);
        var early = log.ReadAsync(default).GetAsyncEnumerator();
        Append(log, 10, 1, 2, 3);
        (await early.MoveNextAsync()).Should().BeTrue();
        Events(log).Should().Equal([1, 2, 3], "that is exactly what fits");
        (await log.ReadAsync(3)).Should().Equal(Message(1), Message(2), Message(3));

        Append(log, 10, 4);

        Events(log).Should().Equal(2, 3, 4);
        (await log.Invoking(late => late.ReadAsync(1)).Should().ThrowAsync<FollowerOverrunException>()).WithMessage("The reader is more than 30 bytes behind*");
        (await early.MoveNextAsync()).Should().BeTrue();
        early.Current.Should().Be(Message(2), "it has read what is gone");
        Append(log, 10, 5, 6);
        await early.Invoking(late => late.MoveNextAsync().AsTask()).Should().ThrowAsync<FollowerOverrunException>();
        await early.DisposeAsync();
    }

    [Fact]
    public async Task A_reader_that_keeps_up_reads_every_frame_however_many_are_dropped()
    {
        var log = new FrameLog(maxBytes: 35);
        var seen = new List<long>();
        await using var reader = log.ReadAsync(default).GetAsyncEnumerator();
        for (var seq = 1; seq <= 100; seq++)
        {
            Append(log, 10, seq);
            (await reader.MoveNextAsync()).Should().BeTrue();
            seen.Add(((UserMessage)reader.Current).Seq);
            Events(log).Should().Equal(Enumerable.Range(Math.Max(1, seq - 2), Math.Min(seq, 3)).Select(number => (long)number));
        }

        seen.Should().Equal(Enumerable.Range(1, 100).Select(number => (long)number));
    }

    [Fact]
    public async Task A_frame_larger_than_the_buffer_reaches_who_waits_and_drops_all_before()
    {
        var log = new FrameLog(maxBytes: 30);
        Append(log, 10, 1, 2);
        var waiting = log.ReadAsync(3);

        Append(log, 100, 3);
        Events(log).Should().Equal(3);
        (await waiting.Soon()).Should().Equal(Message(1), Message(2), Message(3));
        Append(log, 10, 4);
        Events(log).Should().Equal(4);
    }

    [Fact]
    public async Task A_buffer_of_nothing_keeps_nothing()
    {
        var log = new FrameLog(maxBytes: 0);

        Append(log, 10, 1, 2);

        Events(log).Should().BeEmpty();
        await log.Invoking(late => late.ReadAsync(1)).Should().ThrowAsync<FollowerOverrunException>();
    }

    [Fact]
    public async Task A_waiting_reader_gets_the_next_frame_the_quiet_end_or_the_reason()
    {
        foreach (var error in new Exception?[] { null, new ThreadDeletedException(TheThread) })
        {
            var log = new FrameLog(maxBytes: 30);
            var (one, other) = (log.ReadAsync(), log.ReadAsync());
            Append(log, 10, 1);
            log.End(error);
            foreach (var reading in new[] { one, other, log.ReadAsync() })
            {
                if (error is null)
                {
                    (await reading.Soon()).Should().Equal(Message(1));
                }
                else
                {
                    (await reading.Invoking(task => task.Soon()).Should().ThrowAsync<ThreadDeletedException>()).Which.Should().BeSameAs(error);
                }
            }
        }
    }

    [Fact]
    public async Task A_reader_that_has_read_all_there_is_is_woken_by_the_end()
    {
        var log = new FrameLog(maxBytes: 30);
        Append(log, 10, 1);
        await using var reader = log.ReadAsync(default).GetAsyncEnumerator();
        (await reader.MoveNextAsync()).Should().BeTrue();
        var waiting = reader.MoveNextAsync().AsTask();

        log.End(null);

        (await waiting.Soon()).Should().BeFalse();
    }

    [Fact]
    public async Task A_reader_may_give_up_while_it_waits_and_between_two_frames()
    {
        var log = new FrameLog(maxBytes: 30);
        using var giveUp = new CancellationTokenSource();
        await using var waits = log.ReadAsync(giveUp.Token).GetAsyncEnumerator();
        await using var reads = log.ReadAsync(giveUp.Token).GetAsyncEnumerator();
        Append(log, 10, 1, 2);
        (await waits.MoveNextAsync(), await reads.MoveNextAsync(), await waits.MoveNextAsync()).Should().Be((true, true, true));
        var waiting = waits.MoveNextAsync().AsTask();

        await giveUp.CancelAsync();

        await waiting.Invoking(task => task.Soon()).Should().ThrowAsync<OperationCanceledException>();
        await reads.Invoking(reader => reader.MoveNextAsync().AsTask()).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public void Events_are_those_of_the_history_that_is_there_now_and_text_is_none()
    {
        var log = new FrameLog(maxBytes: 1000);
        Append(log, 10, 1, 2);
        log.Append(new HistoryReplaced(TheThread, 1), 0);
        log.Append(Delta(0, "text"), 10);
        Events(log).Should().BeEmpty();
        Append(log, 10, 1);
        log.Append(new HistoryExpired(TheThread, 7), 0);
        Append(log, 10, 7);

        Events(log).Should().Equal(1, 7);
    }

    private static void Append(FrameLog log, int bytes, params int[] seqs)
    {
        foreach (var seq in seqs)
        {
            log.Append(Message(seq), bytes);
        }
    }

    private static IEnumerable<long> Events(FrameLog log) => log.Events().Select(threadEvent => threadEvent.Seq);
}
