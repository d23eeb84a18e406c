namespace ChatBackend.SystemTests.Logs;

/// <summary>An index that cannot follow the log shows in the metrics, and costs only the search.</summary>
public sealed class SearchLagTests
{
    private const string Behind = "chat_search_lag_seconds";

    [Fact]
    [Trait("failure", "Q16")]
    public async Task An_index_that_cannot_be_made_is_behind_until_it_can()
    {
        using var data = new TestDirectory();
        // Nothing can be opened or deleted in its place.
        var obstacle = Directory.CreateDirectory(Path.Combine(data.Path, "search.db"));
        await using var server = await ServerProcess.StartAsync(ServerSettings.Scripted with { DataDirectory = data.Path });
        await server.LineAsync(line => line.Contains("The search index cannot be brought up to date", StringComparison.Ordinal));
        var before = await server.MetricAsync(Behind);
        before.Should().BeGreaterThan(0);
        await using var client = await server.ConnectAsync(await server.GuestAsync());
        var ack = await client.ChatAsync(Scenario.Of(Scenario.Say("served all the same")), agent: Scenario.Agent).Soon();
        await client.FollowerOf(ack.ThreadId!.Value).WaitForRunEndAsync(ack.RunId!.Value).Soon();
        (await server.MetricAsync(Behind)).Should().BeGreaterThan(before);

        obstacle.Delete();

        await server.LineAsync(line => line.Contains("The search index is up to date again", StringComparison.Ordinal));
        await server.UntilMetricAsync(Behind, 0);
    }
}
