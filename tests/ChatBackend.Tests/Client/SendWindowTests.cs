using ChatBackend.Client;
using ChatBackend.Client.Connections;
using ChatBackend.Protocol;
using Microsoft.Extensions.Time.Testing;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

/// <summary>What is sent next, at the bounds of what the server lets wait.</summary>
public sealed class SendWindowTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly List<PendingCommand> _waiting = [];

    [Theory]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public void So_many_commands_wait_for_their_answer_and_no_more(int sent, bool hasRoom)
    {
        Add(sent, isSent: true);
        var next = Add(1)[0];

        Next(limits => limits with { MaxPendingCommands = 3 }).Should().Be(hasRoom ? next : null);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-1, false)]
    public void So_many_bytes_wait_for_their_answer_and_no_more(int spare, bool hasRoom)
    {
        Add(2, isSent: true);
        var next = Add(1)[0];
        var bytes = _waiting.Sum(waiting => waiting.Bytes);

        Next(limits => limits with { MaxPendingBytes = bytes + spare }).Should().Be(hasRoom ? next : null);
    }

    [Fact]
    public void What_nothing_waits_before_is_sent_whatever_the_bounds()
    {
        var next = Add(1)[0];

        Next(limits => limits with { MaxPendingBytes = 1, MaxPendingCommands = 0 }).Should().Be(next);
    }

    [Fact]
    public async Task A_command_may_be_as_large_as_the_server_takes_and_no_larger()
    {
        var command = Add(1)[0];
        Next(limits => limits with { MaxMessageBytes = command.Bytes }).Should().Be(command);

        Next(limits => limits with { MaxMessageBytes = command.Bytes - 1 }).Should().BeNull();

        _waiting.Should().BeEmpty();
        (await FluentActions.Awaiting(() => command.Answer.Task).Should().ThrowAsync<ChatErrorException>()).Which.Should().BeEquivalentTo(
            new { Code = ErrorCode.TooLarge, Message = $"TooLarge: The frame has {command.Bytes} bytes; the server takes {command.Bytes - 1}." });
    }

    [Fact]
    public void What_was_sent_or_is_a_follow_is_not_refused_for_its_size()
    {
        Add(1, isSent: true);
        var follow = Add(new PendingCommand(new ThreadFollower(TheThread, default, 0)));

        Next(limits => limits with { MaxMessageBytes = 1 }).Should().Be(follow);

        _waiting.Should().HaveCount(2).And.NotContain(waiting => waiting.Answer.Task.IsCompleted);
    }

    [Fact]
    public void What_was_answered_or_sent_is_not_sent_and_what_is_not_kept_yet_holds_up_the_rest()
    {
        Add(1)[0].Answer.SetResult(null);
        Add(1, isSent: true);
        var unsaved = Add(1)[0];
        unsaved.IsSaved = false;
        Add(1);

        Next().Should().BeNull();
        unsaved.IsSaved = true;
        Next().Should().Be(unsaved);
    }

    [Fact]
    public void What_is_not_due_is_passed_over_and_it_is_known_how_long_until_the_first_is()
    {
        var late = Add(1, thread: "thr_1")[0];
        var sooner = Add(1, thread: "thr_2")[0];
        var latest = Add(1, thread: "thr_3")[0];
        (late.DueAt, sooner.DueAt, latest.DueAt) = (In(30), In(20), In(40));
        Next(out var due).Should().BeNull();
        due.Should().Be(TimeSpan.FromSeconds(20));

        var now = Add(1, thread: "thr_4")[0];
        Next(out due).Should().Be(now);
        _waiting.Remove(now);
        _clock.Advance(TimeSpan.FromSeconds(20));
        Next(out due).Should().Be(sooner, "its time has come");
        _waiting.Clear();
        Next(out due).Should().BeNull();
        due.Should().BeNull();
    }

    [Fact]
    public void A_command_that_was_put_off_holds_up_those_of_its_thread_until_it_is_sent_again()
    {
        var put = Add(1, thread: "thr_1")[0];
        put.RefuseForNow(null);
        put.DueAt = In(10);
        var behind = Add(1, thread: "thr_1")[0];
        var elsewhere = Add(1, thread: "thr_2")[0];
        Next().Should().Be(elsewhere);
        elsewhere.IsSent = true;
        Next().Should().BeNull();

        put.IsSent = true;
        Next().Should().Be(behind);
    }

    [Fact]
    public void A_command_that_is_to_be_sent_later_and_was_never_refused_holds_up_nothing()
    {
        var later = Add(1, thread: "thr_1")[0];
        later.DueAt = In(10);
        var next = Add(1, thread: "thr_1")[0];

        Next().Should().Be(next);
    }

    private long In(double seconds) => _clock.GetTimestamp() + (long)(seconds * _clock.TimestampFrequency);

    private PendingCommand? Next(Func<ConnectionLimits, ConnectionLimits>? change = null) =>
        new SendWindow(change is null ? Established().Limits : change(Established().Limits)).Next(_waiting, _clock, out _);

    private PendingCommand? Next(out TimeSpan? due) => new SendWindow(Established().Limits).Next(_waiting, _clock, out due);

    private PendingCommand Add(PendingCommand waiting)
    {
        _waiting.Add(waiting);
        return waiting;
    }

    private List<PendingCommand> Add(int count, bool isSent = false, string thread = "thr_1") =>
    [
        .. Enumerable.Range(0, count).Select(_ => Add(
            new PendingCommand(new ChatFrame { Id = ClientFrameId.New(), Content = "hello", ThreadId = new ThreadId(thread) }) { IsSent = isSent })),
    ];
}
