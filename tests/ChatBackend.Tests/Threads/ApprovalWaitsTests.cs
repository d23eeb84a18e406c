using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Tests.Client;
using ChatBackend.Threads;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Threads;

/// <summary>How long a call may wait to be decided, and which one a run goes on with.</summary>
public sealed class ApprovalWaitsTests
{
    private static readonly CallId First = new("call_1");
    private static readonly CallId Second = new("call_2");
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 9, 30, 0, TimeSpan.Zero));
    private readonly ApprovalWaits _waits;

    public ApprovalWaitsTests() => _waits = new ApprovalWaits(_clock);

    [Fact]
    public async Task The_one_whose_time_is_over_first_comes_first_and_each_comes_once()
    {
        _waits.Add(First, TimeSpan.FromSeconds(20));
        _waits.Add(Second, TimeSpan.FromSeconds(10));
        _waits.Add(Second, TimeSpan.FromSeconds(90)); // asked for again after an unknown outcome
        _clock.Advance(TimeSpan.FromSeconds(10) - Tick);
        _waits.IsOver(Second).Should().BeFalse();
        var next = NextAsync();
        next.IsCompleted.Should().BeFalse();

        _clock.Advance(TimeSpan.FromMilliseconds(1) + Tick);

        (await next.Soon()).Should().Be((Second, null));
        (_waits.IsOver(First), _waits.IsOver(Second)).Should().Be((false, false), "the one is not, the other waits no more");
        _clock.Advance(TimeSpan.FromSeconds(10));
        _waits.IsOver(First).Should().BeTrue();
        (await NextAsync().Soon()).Should().Be((First, null));
    }

    [Fact]
    public async Task A_decision_comes_before_a_time_that_is_over_and_wakes_who_waits()
    {
        _waits.Add(First, TimeSpan.FromSeconds(10));
        _waits.Add(Second, TimeSpan.FromSeconds(20));
        var next = NextAsync();
        _waits.Decide(Decided(new CallId("call_9")));
        next.IsCompleted.Should().BeFalse("nobody waits for that one");

        _waits.Decide(Decided(Second));

        (await next.Soon()).Should().Be((Second, Decided(Second)));
        _clock.Advance(TimeSpan.FromSeconds(10));
        _waits.Add(Second, TimeSpan.FromSeconds(20));
        _waits.Decide(Decided(Second));
        (await NextAsync().Soon()).Should().Be((Second, Decided(Second)), "though the other's time is over");
        (await NextAsync().Soon()).Should().Be((First, null));
    }

    [Fact]
    public async Task Who_was_woken_waits_again_for_the_next_decision()
    {
        _waits.Add(First, TimeSpan.FromSeconds(10));
        _waits.Add(Second, TimeSpan.FromSeconds(10));
        _waits.Decide(Decided(First));
        (await NextAsync().Soon()).Call.Should().Be(First);
        var next = NextAsync();
        next.IsCompleted.Should().BeFalse();

        _waits.Decide(Decided(Second));

        (await next.Soon()).Should().Be((Second, Decided(Second)));
    }

    [Theory]
    [InlineData(60, 0, 60)]
    [InlineData(60, 20, 40)]
    [InlineData(60, -3600, 60)]
    [InlineData(60, 60, 0)]
    [InlineData(60, 90, 0)]
    public void What_an_earlier_process_asked_has_the_time_left_by_the_date_and_never_more_than_was_given(int given, int passed, int left)
    {
        var at = _clock.GetUtcNow().AddSeconds(-passed);
        _waits.Resume(new ApprovalRequired
        {
            RunId = new RunId("run_1"), CallId = First, Tool = "mail", Arguments = default, ArgumentsDigest = "", At = at, ExpiresAt = at.AddSeconds(given),
        });

        _waits.IsOver(First).Should().Be(left == 0);
        if (left > 0)
        {
            _clock.Advance(TimeSpan.FromSeconds(left) - Tick);
            _waits.IsOver(First).Should().BeFalse();
            _clock.Advance(Tick);
            _waits.IsOver(First).Should().BeTrue();
        }
    }

    [Fact]
    public async Task A_run_that_is_cancelled_waits_no_more()
    {
        using var cancelled = new CancellationTokenSource();
        _waits.Add(First, TimeSpan.FromSeconds(10));
        var next = _waits.NextAsync([First, Second], cancelled.Token);

        await cancelled.CancelAsync();

        await FluentActions.Awaiting(() => next.Soon()).Should().ThrowAsync<OperationCanceledException>();
    }

    private Task<(CallId Call, ApprovalDecided? Decided)> NextAsync() => _waits.NextAsync([First, Second], CancellationToken.None);

    private ApprovalDecided Decided(CallId call) =>
        new() { RunId = new RunId("run_1"), CallId = call, Decision = ApprovalDecision.Approve, DecidedBy = new UserId("usr_1"), At = _clock.Start };
}
