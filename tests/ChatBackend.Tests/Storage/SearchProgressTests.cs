using ChatBackend.Storage.Sqlite;
using Microsoft.Extensions.Time.Testing;
using static ChatBackend.Storage.Sqlite.SearchProgress;

namespace ChatBackend.Tests.Storage;

/// <summary>How often the log is told of an index that is made again.</summary>
public sealed class SearchProgressTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly SearchProgress _progress;

    public SearchProgressTests() => _progress = new SearchProgress(_clock, TimeSpan.FromSeconds(10));

    [Fact]
    public void Nothing_is_said_of_an_index_that_only_goes_on()
    {
        _clock.Advance(TimeSpan.FromMinutes(1));

        (_progress.Next(isLast: false), _progress.Next(isLast: true)).Should().Be((Step.None, Step.None));
    }

    [Fact]
    public void One_that_is_made_again_is_told_of_at_intervals_and_once_at_its_end()
    {
        _clock.Advance(TimeSpan.FromMinutes(1));
        _progress.Begin();
        var steps = new List<Step>();
        foreach (var milliseconds in new[] { 9_999, 1, 9_999, 1, 5_000 })
        {
            _clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
            steps.Add(_progress.Next(isLast: false));
        }

        steps.Should().Equal(Step.None, Step.Due, Step.None, Step.Due, Step.None);
        _progress.Next(isLast: true).Should().Be(Step.Done);
        _clock.Advance(TimeSpan.FromMinutes(1));
        (_progress.Next(isLast: false), _progress.Next(isLast: true)).Should().Be((Step.None, Step.None));
    }
}
