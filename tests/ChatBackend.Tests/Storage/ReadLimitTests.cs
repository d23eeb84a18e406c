using ChatBackend.Storage;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Storage;

/// <summary>When a read is to end, and what its caller is told.</summary>
public sealed class ReadLimitTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly CancellationTokenSource _caller = new();
    private readonly CancellationTokenSource _closing = new();

    [Fact]
    public void A_read_may_take_all_of_its_time_and_no_longer()
    {
        var limit = Limit();
        _clock.Advance(TimeSpan.FromSeconds(2));
        limit.IsOver.Should().BeFalse();
        limit.Invoking(read => read.ThrowIfOver()).Should().NotThrow();

        _clock.Advance(TimeSpan.FromTicks(1));

        limit.IsOver.Should().BeTrue();
        limit.Invoking(read => read.ThrowIfOver()).Should().Throw<LogUnavailableException>().WithMessage("The read took longer than 00:00:02.");
    }

    [Fact]
    public void A_store_that_closes_ends_it_and_says_so()
    {
        var limit = Limit();

        _closing.Cancel();

        limit.IsOver.Should().BeTrue();
        limit.Invoking(read => read.ThrowIfOver()).Should().Throw<LogUnavailableException>().WithMessage("The event log is closed: the server is stopping.");
    }

    [Fact]
    public void A_caller_who_is_gone_ends_it_as_cancelled()
    {
        var limit = Limit();

        _caller.Cancel();

        limit.IsOver.Should().BeTrue();
        limit.Invoking(read => read.ThrowIfOver()).Should().Throw<OperationCanceledException>().Which.CancellationToken.Should().Be(_caller.Token);
    }

    private ReadLimit Limit() => new(_clock, TimeSpan.FromSeconds(2), _caller.Token, _closing.Token);
}
