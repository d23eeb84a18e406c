using ChatBackend.Runs;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Runs;

/// <summary>The time that a run may take, to the second.</summary>
[Trait("failure", "D20")]
public sealed class RunDeadlineTests
{
    private readonly FakeTimeProvider _clock = new();
    private int _spent;

    [Fact]
    public void It_is_spent_once_its_time_is_over()
    {
        using var budget = Budget();

        Pass(seconds: 59).Should().Be(0);
        Pass(seconds: 1).Should().Be(1);
        Pass(seconds: 1000).Should().Be(1);
    }

    [Fact]
    public void It_stands_still_during_a_pause_and_goes_on_with_what_was_left()
    {
        using var budget = Budget();
        Pass(seconds: 20);

        var pause = budget.Pause();
        budget.IsPaused.Should().BeTrue();
        Pass(seconds: 1000).Should().Be(0);
        pause.Dispose();

        budget.IsPaused.Should().BeFalse();
        Pass(seconds: 39).Should().Be(0);
        using (budget.Pause())
        {
            Pass(seconds: 1000).Should().Be(0);
        }

        Pass(seconds: 1).Should().Be(1);
    }

    [Fact]
    public void After_it_is_disposed_it_is_not_spent()
    {
        Budget().Dispose();
        Pass(seconds: 1000).Should().Be(0);
    }

    private RunDeadline Budget() => new(TimeSpan.FromMinutes(1), _clock, () => _spent++);

    /// <returns>How often it was spent by then.</returns>
    private int Pass(int seconds)
    {
        _clock.Advance(TimeSpan.FromSeconds(seconds));
        return _spent;
    }
}
