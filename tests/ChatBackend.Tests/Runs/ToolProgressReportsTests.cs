using ChatBackend.Runs;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Runs;

/// <summary>A tool may report as often as it likes; its followers are told of the first and then of the latest.</summary>
public sealed class ToolProgressReportsTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly List<string> _sent = [];
    private readonly ToolProgressReports _reports;

    public ToolProgressReportsTests() => _reports = new ToolProgressReports((text, _) => _sent.Add(text), _clock);

    [Fact]
    public void The_first_is_sent_at_once_and_of_those_in_an_interval_the_latest_at_its_end()
    {
        _reports.Report("1", null);
        _reports.Report("2", null);
        _reports.Report("3", null);
        _sent.Should().Equal("1");

        _clock.Advance(ToolProgressReports.Interval);
        _sent.Should().Equal("1", "3");
        _reports.Report("4", null);
        _clock.Advance(ToolProgressReports.Interval);
        _sent.Should().Equal("1", "3", "4");

        _clock.Advance(ToolProgressReports.Interval);
        _reports.Report("5", null);
        _sent.Should().Equal(["1", "3", "4", "5"], "nothing was said in the interval before");
    }

    [Fact]
    public async Task After_the_end_nothing_is_sent()
    {
        _reports.Report("1", null);
        _reports.Report("2", null);

        await _reports.DisposeAsync();
        _reports.Report("3", null);
        _clock.Advance(ToolProgressReports.Interval * 3);

        _sent.Should().Equal("1");
    }
}
