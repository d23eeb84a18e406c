using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;

namespace ChatBackend.Tests.Storage;

/// <summary>The queue before the writer: bounded, in order, and drained when it is closed.</summary>
public sealed class PendingWritesTests
{
    private static readonly TimeSpan Hours = TimeSpan.FromHours(5);

    // Each write counts with 512 bytes.
    private readonly PendingWrites _pending = new(maxBytes: 1024, gather: Hours);

    [Fact]
    public async Task It_takes_as_much_as_its_bound_and_says_how_much_waits_when_it_refuses_more()
    {
        var fits = new[] { Add(), Add() };

        await FluentActions.Awaiting(Add).Should().ThrowAsync<LogUnavailableException>().WithMessage("The store is behind: 1024 bytes wait for it, 1024 may.");

        fits.Should().OnlyContain(write => !write.IsCompleted);
        _pending.Bytes.Should().Be(1024);
        _pending.TryDequeueAll(TimeSpan.Zero, out var taken).Should().BeTrue();
        taken.Should().HaveCount(2);
        Add().IsFaulted.Should().BeTrue("what is being committed is still held");
        _pending.Release(512);
        _pending.Bytes.Should().Be(512);
        Add().IsFaulted.Should().BeFalse();
    }

    [Fact]
    public void Nothing_that_waits_is_nothing_to_take_and_no_end()
    {
        _pending.TryDequeueAll(TimeSpan.Zero, out var none).Should().BeTrue();

        none.Should().BeEmpty();
    }

    [Fact]
    public async Task What_was_accepted_before_the_close_is_taken_and_then_there_is_an_end()
    {
        _ = Add();
        _pending.Close();
        await FluentActions.Awaiting(Add).Should().ThrowAsync<LogUnavailableException>().WithMessage("The event log is closed: the server is stopping.");

        _pending.TryDequeueAll(Hours, out var left).Should().BeTrue();
        left.Should().ContainSingle();
        _pending.TryDequeueAll(Hours, out var none).Should().BeFalse();
        none.Should().BeEmpty();
    }

    [Fact]
    public async Task A_taker_that_waits_is_woken_by_the_first_write_and_by_the_close()
    {
        var taking = TakeAsync();
        Add().IsFaulted.Should().BeFalse();
        (await taking).Should().Be((true, 1));

        taking = TakeAsync();
        _pending.Close();
        (await taking).Should().Be((false, 0));
    }

    [Fact]
    public async Task As_many_as_shared_the_last_commit_are_waited_for_and_the_close_ends_that()
    {
        _ = (Add(), Add());
        (await TakeAsync()).Should().Be((true, 2));
        _pending.Release(1024);

        var taking = TakeAsync();
        _ = Add();
        taking.IsCompleted.Should().BeFalse();
        _ = Add();
        (await taking).Should().Be((true, 2));
        _pending.Release(1024);

        taking = TakeAsync();
        _ = Add();
        _pending.Close();
        (await taking).Should().Be((true, 1));
    }

    private Task<ThreadHeader?> Add() => _pending.Add(new PendingOpen(ThreadId.New(), CancellationToken.None));

    private Task<(bool IsOpen, int Count)> TakeAsync() => Task.Run(() => (_pending.TryDequeueAll(Hours, out var writes), writes.Count)).Soon();
}
