using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;

namespace ChatBackend.Tests.Storage;

/// <summary>Users share a few threads piece by piece; what one of them asks for costs the others no more than a piece.</summary>
public sealed class FairQueueTests : IDisposable
{
    private const int MaxWaitingOfAll = 1024;

    private static readonly UserId[] Users = [.. Enumerable.Range(0, 3).Select(_ => UserId.New())];

    private readonly ManualResetEventSlim _gate = new();
    private readonly TaskCompletionSource<Thread> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> _order = [];
    private FairQueue _queue = new("reader", threads: 1, maxWaitingPerUser: 2);

    public void Dispose()
    {
        _gate.Set();
        _queue.Dispose();
        _gate.Dispose();
    }

    [Fact]
    public async Task Work_runs_on_the_queues_own_threads()
    {
        var thread = await _queue.RunAsync(Users[0], () => Thread.CurrentThread, CancellationToken.None).Soon();

        (thread.Name, thread.IsBackground, thread.IsThreadPoolThread).Should().Be(("reader 1", true, false));
    }

    [Fact]
    public async Task Users_take_turns_whatever_each_has_asked_for_before()
    {
        await HoldAsync();
        Task[] pieces = [Note("a1", 0), Note("a2", 0), Note("b1", 1), Note("b2", 1), Note("c1", 2)];

        _gate.Set();
        await Task.WhenAll(pieces).Soon();

        _order.Should().Equal("b1", "c1", "a1", "b2", "a2");
    }

    [Fact]
    public async Task Of_one_user_one_piece_runs_at_a_time_and_of_two_users_two()
    {
        _queue.Dispose();
        _queue = new FairQueue("reader", threads: 2, maxWaitingPerUser: 2);
        await HoldAsync();
        var second = Note("a2", 0);

        await Note("b1", 1).Soon();
        await Note("b2", 1).Soon();
        second.IsCompleted.Should().BeFalse();
        _gate.Set();
        await second.Soon();

        _order.Should().Equal("b1", "b2", "a2");
    }

    [Fact]
    public async Task A_user_may_have_so_many_pieces_waiting_and_others_are_not_refused_for_it()
    {
        await HoldAsync();
        Task[] waiting = [Note("a1", 0), Note("a2", 0), Note("b1", 1)];
        waiting.Should().OnlyContain(piece => !piece.IsCompleted);

        await FluentActions.Awaiting(() => Note("a3", 0)).Should().ThrowAsync<LogUnavailableException>().WithMessage("Too many reads wait already.");

        _gate.Set();
        await Task.WhenAll(waiting).Soon();
        await Note("a4", 0).Soon();
        _order.Should().Equal("b1", "a1", "a2", "a4");
    }

    [Fact]
    public async Task All_users_together_may_have_so_many_waiting_and_more_when_those_have_run()
    {
        await HoldAsync();
        var waiting = Enumerable.Range(0, MaxWaitingOfAll).Select(_ => Note("", UserId.New())).ToList();
        waiting.Should().OnlyContain(piece => !piece.IsCompleted);

        await FluentActions.Awaiting(() => Note("", UserId.New())).Should().ThrowAsync<LogUnavailableException>().WithMessage("Too many reads wait already.");

        _gate.Set();
        await Task.WhenAll(waiting).Soon();
        await Note("", Users[1]).Soon();
        _order.Should().HaveCount(MaxWaitingOfAll + 1);
    }

    [Fact]
    public async Task Work_without_a_waiter_is_not_begun()
    {
        using var gone = new CancellationTokenSource();
        await HoldAsync();
        var cancelled = _queue.RunAsync(Users[0], () => NoteNow("cancelled"), gone.Token);

        await gone.CancelAsync();
        _gate.Set();

        (await FluentActions.Awaiting(() => cancelled.Soon()).Should().ThrowAsync<OperationCanceledException>()).Which.CancellationToken.Should().Be(gone.Token);
        await Note("next", 0).Soon();
        _order.Should().Equal("next");
    }

    [Fact]
    public async Task What_is_cancelled_while_it_runs_is_cancelled_and_what_throws_fails_and_the_next_is_served()
    {
        using var gone = new CancellationTokenSource();
        var cancelled = _queue.RunAsync<int>(
            Users[0],
            () =>
            {
                gone.Cancel();
                throw new OperationCanceledException(gone.Token);
            },
            gone.Token);
        var failed = _queue.RunAsync<int>(Users[0], () => throw new InvalidOperationException("broken"), CancellationToken.None);
        var another = _queue.RunAsync<int>(Users[1], () => throw new OperationCanceledException("somebody else's"), CancellationToken.None);

        await FluentActions.Awaiting(() => cancelled.Soon()).Should().ThrowAsync<OperationCanceledException>();
        cancelled.IsCanceled.Should().BeTrue();
        await FluentActions.Awaiting(() => failed.Soon()).Should().ThrowAsync<InvalidOperationException>().WithMessage("broken");
        await FluentActions.Awaiting(() => another.Soon()).Should().ThrowAsync<OperationCanceledException>();
        another.IsFaulted.Should().BeTrue("nobody cancelled it");
        await Note("next", 0).Soon();
    }

    [Fact]
    public async Task A_close_fails_what_waits_and_ends_with_the_last_piece_that_runs()
    {
        var thread = await HoldAsync();
        var (same, other) = (Note("same user's", 0), Note("another's", 1));
        _ = other.ContinueWith(_ => _gate.Set(), TaskScheduler.Default);

        _queue.Dispose();

        thread.IsAlive.Should().BeFalse();
        foreach (var refused in new[] { same, other, Note("late", 0), Note("late", 2) })
        {
            refused.IsFaulted.Should().BeTrue();
            await FluentActions.Awaiting(() => refused).Should().ThrowAsync<LogUnavailableException>().WithMessage("The event log is closed: the server is stopping.");
        }

        _order.Should().BeEmpty();
    }

    /// <summary>A piece of the first user's that runs until the gate is opened.</summary>
    private async Task<Thread> HoldAsync()
    {
        _ = _queue.RunAsync(Users[0], () => { _begun.SetResult(Thread.CurrentThread); _gate.Wait(); return 0; }, CancellationToken.None);
        return await _begun.Task.Soon();
    }

    private Task<int> Note(string name, int user) => Note(name, Users[user]);

    private Task<int> Note(string name, UserId user) => _queue.RunAsync(user, () => NoteNow(name), CancellationToken.None);

    private int NoteNow(string name)
    {
        lock (_order)
        {
            _order.Add(name);
        }

        return 0;
    }
}
