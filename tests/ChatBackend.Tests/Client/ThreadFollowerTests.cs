using ChatBackend.Client;
using ChatBackend.Protocol;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

/// <summary>What a follower gives to those who wait for its thread.</summary>
public sealed class ThreadFollowerTests
{
    private static readonly RunId OtherRun = new("run_2");

    private readonly ThreadFollower _follower = new(TheThread, new ThreadCursor(0), bufferBytes: 100_000);

    [Fact]
    public async Task A_wait_ends_with_the_first_event_that_matches_of_those_that_were_and_those_to_come()
    {
        var waiting = _follower.WaitForAsync(threadEvent => threadEvent.Seq == 2);
        var other = _follower.WaitForAsync(threadEvent => threadEvent.Seq == 3);
        Take(Message(1), Delta(0, "text"));
        waiting.IsCompleted.Should().BeFalse();

        Take(Message(2, "second"));

        (await waiting.Soon()).Should().Be(Message(2, "second"));
        other.IsCompleted.Should().BeFalse();
        (await _follower.WaitForAsync(_ => true).Soon()).Should().Be(Message(1));
        _follower.End(new IOException(), isQuiet: true);
        (await _follower.WaitForAsync(threadEvent => threadEvent.Seq == 2).Soon()).Seq.Should().Be(2, "it is there all the same");
        await other.Invoking(task => task.Soon()).Should().ThrowAsync<IOException>();
    }

    [Fact]
    public async Task A_wait_that_was_given_up_or_ended_asks_its_predicate_no_more()
    {
        var (asked, first) = (0, true);
        using var giveUp = new CancellationTokenSource();
        var waiting = _follower.WaitForAsync(_ => { asked++; return false; }, giveUp.Token);
        var found = _follower.WaitForAsync(_ => { asked += 10; return first; });
        await giveUp.CancelAsync();
        await waiting.Invoking(task => task.Soon()).Should().ThrowAsync<OperationCanceledException>();
        Take(Message(1));
        await found.Soon();
        first = false;

        Take(Message(2));

        asked.Should().Be(10);
    }

    [Fact]
    public async Task The_end_of_a_run_is_that_runs()
    {
        var waiting = _follower.WaitForRunEndAsync(Run);
        var other = _follower.WaitForRunEndAsync(OtherRun);

        Take(Started(1), Started(2, OtherRun), Completed(3, "", run: OtherRun));

        (await other.Soon()).Seq.Should().Be(3);
        waiting.IsCompleted.Should().BeFalse();
        Take(Interrupted(4));
        (await waiting.Soon()).Should().BeOfType<AgentFailed>();
        var stopped = _follower.WaitForRunEndAsync(new RunId("run_3"));
        Take(Completed(5, ""), new AgentStopped { ThreadId = TheThread, Seq = 6, RunId = new RunId("run_3"), MessageId = Question, Content = "", Reason = StopReason.User });
        (await stopped.Soon()).Seq.Should().Be(6);
    }

    [Fact]
    public async Task The_answer_of_a_message_is_the_end_of_the_run_that_answers_it()
    {
        var waiting = _follower.WaitForAnswerAsync(new MessageId("msg_9"));

        Take(Started(1), Started(2, OtherRun) with { MessageId = new MessageId("msg_9") }, Completed(3, "not this"), Completed(4, "this", run: OtherRun));

        ((AgentCompleted)await waiting.Soon()).Content.Should().Be("this");
    }

    [Fact]
    public async Task The_first_end_counts_and_nothing_is_taken_after_it()
    {
        Take(Message(1));
        _follower.End(new IOException("first"), isQuiet: false);
        _follower.End(new TimeoutException(), isQuiet: true);

        Take(Message(2)).Should().BeFalse();
        Take(Message(9)).Should().BeFalse();

        _follower.Cursor.Should().Be(1);
        (await _follower.Invoking(late => late.ReadAsync()).Should().ThrowAsync<IOException>()).WithMessage("first");
        (await _follower.Invoking(late => late.WaitForAsync(threadEvent => threadEvent.Seq == 2)).Should().ThrowAsync<IOException>()).WithMessage("first");
    }

    [Fact]
    public async Task A_wait_is_told_that_history_is_gone_and_the_follower_begins_elsewhere()
    {
        Take(Message(1, "old"), Delta(0, "half"));
        var (expired, replaced) = (_follower.WaitForRunEndAsync(Run), (Task<RunEvent>?)null);

        _follower.Expire(120);
        (await expired.Invoking(task => task.Soon()).Should().ThrowAsync<HistoryExpiredException>()).Which.BeginsAt.Should().Be(120);
        (_follower.Start, _follower.Cursor, _follower.LastEvent, _follower.Transcript.Replacements).Should().Be((119, 119, new ThreadCursor(119), 0));
        _follower.Transcript.Entries.Should().BeEmpty();
        Take(Message(120));
        replaced = _follower.WaitForRunEndAsync(Run);
        _follower.Replace(3);
        (await replaced.Invoking(task => task.Soon()).Should().ThrowAsync<HistoryReplacedException>()).Which.BeginsAt.Should().Be(3);
        (_follower.Start, _follower.Cursor, _follower.Transcript.Replacements, _follower.Transcript.Cursor).Should().Be((2, 2, 1, 2));
        _follower.ToFollowFrame(new("c_1")).Should().BeEquivalentTo(new FollowFrame { Id = new("c_1"), ThreadId = TheThread, AfterSeq = 2 });

        (await _follower.ReadAsync(5)).Should().Equal(
            Message(1, "old"), Delta(0, "half"), new HistoryExpired(TheThread, 120), Message(120), new HistoryReplaced(TheThread, 3));
    }

    [Fact]
    public void Where_it_is_is_said_with_the_time_of_the_event_and_the_text_in_flight()
    {
        Take(Message(1), Delta(0, "half"));

        _follower.ToFollowFrame(new("c_1")).Should().BeEquivalentTo(new FollowFrame
        {
            Id = new("c_1"), ThreadId = TheThread, AfterSeq = 1, AfterAt = Message(1).At, Parts = [new PartPosition { PartId = Part, Length = 4 }],
        });
        (_follower.LastEvent, _follower.Transcript.LastEvent, _follower.Transcript.Cursor)
            .Should().Be((new ThreadCursor(1, Message(1).At), new ThreadCursor(1, Message(1).At), 1));
    }

    [Fact]
    public void Only_something_new_makes_follows_fruitful()
    {
        _follower.CountFollow();
        _follower.CountFollow();
        Take(CaughtUp(0)).Should().BeFalse();
        Take(CaughtUp(1)).Should().BeTrue();
        _follower.FruitlessFollows.Should().Be(2);

        Take(Message(1)).Should().BeFalse();

        _follower.FruitlessFollows.Should().Be(0);
    }

    [Fact]
    public async Task Without_a_buffer_there_is_a_cursor_and_waits_and_no_transcript()
    {
        var bare = new ThreadFollower(TheThread, default, bufferBytes: 0);
        var waiting = bare.WaitForAsync(threadEvent => threadEvent.Seq == 1);

        bare.Take(Message(1), 100);

        (await waiting.Soon()).Should().Be(Message(1));
        bare.Cursor.Should().Be(1);
        bare.Transcript.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task A_wait_for_nothing_is_a_mistake_of_the_callers() =>
        await _follower.Invoking(follower => follower.WaitForAsync(null!)).Should().ThrowAsync<ArgumentNullException>().WithParameterName("predicate");

    /// <returns>Whether something is missing.</returns>
    private bool Take(params ServerFrame[] frames)
    {
        var isMissing = false;
        foreach (var frame in frames)
        {
            isMissing |= _follower.Take(frame, 100);
        }

        return isMissing;
    }
}
