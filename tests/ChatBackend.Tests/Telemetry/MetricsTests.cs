using ChatBackend.Telemetry;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Telemetry;

public sealed class MetricsTests : IDisposable
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
            ["chat_connections_open"] = "0",
            ["chat_handlers_registered"] = "0",
            ["chat_connection_scopes_open"] = "0",
            ["chat_runs_open"] = "0",
            ["chat_events_sent_total"] = "0",
            ["chat_outbox_bytes"] = "0",
            ["chat_outbox_bytes_peak"] = "0",
            ["chat_deltas_gathered_total"] = "0",
            ["chat_runs_total{outcome=\"completed\"}"] = "0",
            ["chat_runs_total{outcome=\"stopped\"}"] = "0",
            ["chat_runs_total{outcome=\"failed\"}"] = "0",
        });

        var metrics = server.Services.GetRequiredService<ChatMetrics>();
        metrics.ConnectionOpened();
        metrics.ScopeOpened();
        metrics.RunStarted();
        metrics.RunStarted();
        metrics.RunEnded("completed");
        metrics.EventSent();
        metrics.FrameWaits(70, isGathered: true);
        metrics.FrameWaits(50, isGathered: false);
        metrics.FirstEvent(TimeSpan.FromMilliseconds(3));

        var after = await ScrapeAsync(http);
        after.Should().Contain(new Dictionary<string, string>
        {
            ["chat_connections_open"] = "1",
            ["chat_connection_scopes_open"] = "1",
            ["chat_runs_open"] = "1",
            ["chat_events_sent_total"] = "1",
            ["chat_outbox_bytes_peak"] = "70",
            ["chat_deltas_gathered_total"] = "1",
            ["chat_runs_total{outcome=\"completed\"}"] = "1",
            ["chat_first_event_seconds_count"] = "1",
            ["chat_first_event_seconds_sum"] = "0.003",
            ["chat_first_event_seconds_bucket{le=\"0.0025\"}"] = "0",
            ["chat_first_event_seconds_bucket{le=\"0.005\"}"] = "1",
        });
    }

    // "name{labels} value"; the exporter writes braces also where there are no labels.
    private static async Task<Dictionary<string, string>> ScrapeAsync(HttpClient http) =>
        (await http.GetStringAsync(new Uri("/metrics", UriKind.Relative)))
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(line => line.StartsWith("chat_", StringComparison.Ordinal))
        .ToDictionary(line => line[..line.LastIndexOf(' ')].Replace("{}", "", StringComparison.Ordinal), line => line[(line.LastIndexOf(' ') + 1)..]);
}
