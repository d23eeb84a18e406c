using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using ChatBackend.Connections;
using ChatBackend.Following;
using ChatBackend.Telemetry;
using ChatBackend.Tests.Architecture;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Telemetry;

public sealed partial class MetricsTests : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("chat-backend-");

    public void Dispose() => _data.Delete(recursive: true);

    [Fact]
    [Trait("failure", "D42")]
    [Trait("failure", "D43")]
    public async Task A_scrape_shows_the_documented_series_from_the_start_and_as_they_are()
    {
        await using var server = new WebApplicationFactory<Program>().WithWebHostBuilder(host => host.UseSetting("DataDirectory", _data.FullName));
        using var http = server.CreateClient();

        var before = await ScrapeAsync(http);
        before.Should().Contain(new Dictionary<string, string>
        {
            ["chat_connections"] = "0",
            ["chat_connection_handlers"] = "0",
            ["chat_connection_scopes"] = "0",
            ["chat_runs"] = "0",
            ["chat_frames_sent_total"] = "0",
            ["chat_outbox_usage_bytes"] = "0",
            ["chat_outbox_peak_bytes"] = "0",
            ["chat_deltas_coalesced_total"] = "0",
            ["chat_runs_ended_total{outcome=\"completed\"}"] = "0",
            ["chat_runs_ended_total{outcome=\"stopped\"}"] = "0",
            ["chat_runs_ended_total{outcome=\"failed\"}"] = "0",
        });

        var metrics = server.Services.GetRequiredService<ChatMetrics>();
        metrics.ConnectionOpened();
        metrics.ScopeOpened();
        metrics.RunStarted();
        metrics.RunStarted();
        metrics.RunEnded("completed");
        metrics.FrameSent();
        metrics.FrameWaits(70, isGathered: true);
        metrics.FrameWaits(50, isGathered: false);
        metrics.MessageAcked(TimeSpan.FromMilliseconds(3));

        var after = await ScrapeAsync(http);
        after.Should().Contain(new Dictionary<string, string>
        {
            ["chat_connections"] = "1",
            ["chat_connection_scopes"] = "1",
            ["chat_runs"] = "1",
            ["chat_frames_sent_total"] = "1",
            ["chat_outbox_peak_bytes"] = "70",
            ["chat_deltas_coalesced_total"] = "1",
            ["chat_runs_ended_total{outcome=\"completed\"}"] = "1",
            ["chat_message_ack_duration_seconds_count"] = "1",
            ["chat_message_ack_duration_seconds_sum"] = "0.003",
            ["chat_message_ack_duration_seconds_bucket{le=\"0.0025\"}"] = "0",
            ["chat_message_ack_duration_seconds_bucket{le=\"0.005\"}"] = "1",
        });
    }

    [Fact]
    public async Task Every_instrument_has_a_dotted_name_a_unit_and_a_description_and_its_series_is_documented()
    {
        await using var server = new WebApplicationFactory<Program>().WithWebHostBuilder(host => host.UseSetting("DataDirectory", _data.FullName));
        using var http = server.CreateClient();
        // Made by the first connection otherwise.
        server.Services.GetRequiredService<LeftCommands>();
        server.Services.GetRequiredService<FollowedLists>();
        var factory = server.Services.GetRequiredService<IMeterFactory>();
        var instruments = new List<Instrument>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Scope == factory && instrument.Meter.Name == ChatMetrics.MeterName)
                {
                    instruments.Add(instrument);
                }
            },
        };
        listener.Start();

        instruments.Should().HaveCountGreaterThan(25);
        instruments.Where(instrument => !Named().IsMatch(instrument.Name) || !Unit().IsMatch(instrument.Unit ?? "") || instrument.Description is not { Length: > 0 })
            .Select(instrument => instrument.Name).Should().BeEmpty();
        instruments.Select(instrument => instrument.Meter).Distinct().Should().ContainSingle();
        Documented().Should().BeEquivalentTo(instruments.Select(SeriesOf));
        (await ScrapeAsync(http)).Keys.Select(series => Suffix().Replace(series, "")).Distinct().Should().BeSubsetOf(Documented());
    }

    // What the exporter makes of a name, a kind and a unit.
    private static string SeriesOf(Instrument instrument)
    {
        var unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        var total = instrument.GetType().Name.StartsWith("ObservableCounter", StringComparison.Ordinal) ? "_total" : "";
        return instrument.Name.Replace('.', '_') + unit + total;
    }

    private static HashSet<string> Documented() => [.. File.ReadLines(Path.Combine(Repository.Root, "docs", "operations.md"))
        .SkipWhile(line => !line.StartsWith("| series |", StringComparison.Ordinal)).TakeWhile(line => line.StartsWith('|'))
        .SelectMany(row => Series().Matches(row.Split('|')[1]).Select(match => match.Groups["name"].Value))];

    [GeneratedRegex("^chat(\\.[a-z]+(_[a-z]+)*)+$")]
    private static partial Regex Named();

    [GeneratedRegex("^(s|By|\\{[a-z_]+\\})$")]
    private static partial Regex Unit();

    [GeneratedRegex("`(?<name>chat_[a-z_]+)")]
    private static partial Regex Series();

    [GeneratedRegex("(_bucket|_sum|_count)?(\\{.*)?$")]
    private static partial Regex Suffix();

    // "name{labels} value"; the exporter writes braces also where there are no labels.
    private static async Task<Dictionary<string, string>> ScrapeAsync(HttpClient http) =>
        (await http.GetStringAsync(new Uri("/metrics", UriKind.Relative)))
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(line => line.StartsWith("chat_", StringComparison.Ordinal))
        .ToDictionary(line => line[..line.LastIndexOf(' ')].Replace("{}", "", StringComparison.Ordinal), line => line[(line.LastIndexOf(' ') + 1)..]);
}
