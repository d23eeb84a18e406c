using System.Diagnostics.Metrics;
using ChatBackend.Mcp;
using ChatBackend.Mcp.Servers;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ChatBackend.Tests.Mcp;

/// <summary>Sessions of users at a server that tells them apart.</summary>
[Trait("failure", "M17")]
public sealed class McpSessionTests
{
    private static readonly Dictionary<string, string> Ada = new() { ["X-User"] = "ada" };

    [Fact]
    public async Task A_session_is_kept_while_it_is_used_ended_when_it_is_not_and_their_number_is_bounded()
    {
        await using var played = await PlayedMcpServer.StartAsync();
        var clock = new ShiftedTime();
        await using var meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var options = new McpServerOptions { Url = played.Url };
        options.UserHeaders["X-User"] = "user_id";
        var settings = new ServerSettings("played", options, new HostSecrets(new ConfigurationBuilder().Build()));
        await using var server = new McpServer(settings, new McpMetrics(meters.GetRequiredService<IMeterFactory>()), clock, NullLogger<McpSession>.Instance);
        var session = server.SessionOf(Ada)!;
        server.SessionOf(new Dictionary<string, string> { ["x-user"] = "ada" }).Should().BeSameAs(session);
        (await session.ConnectionAsync(TestContext.Current.CancellationToken).Soon()).Should().NotBeNull();

        session.Begin();
        clock.Elapsed += McpServer.MaxIdle + TimeSpan.FromSeconds(1);
        server.EndIdle();
        server.SessionOf(Ada).Should().BeSameAs(session, "a call is under way");

        session.End();
        clock.Elapsed += McpServer.MaxIdle + TimeSpan.FromSeconds(1);
        server.EndIdle();
        server.SessionOf(Ada).Should().NotBeNull().And.NotBeSameAs(session);

        for (var user = 1; user < McpServer.MaxSessions; user++)
        {
            server.SessionOf(new Dictionary<string, string> { ["X-User"] = $"{user}" }).Should().NotBeNull();
        }

        server.SessionOf(new Dictionary<string, string> { ["X-User"] = "one more" }).Should().BeNull();
    }

    [Fact]
    public async Task The_pause_before_each_further_attempt_is_twice_as_long_up_to_a_minute_and_short_again_after_a_server_that_was_there_for_long()
    {
        await using var played = await PlayedMcpServer.StartAsync();
        var isAway = true;
        played.OnRequest = request =>
        {
            request.Http.Response.StatusCode = Volatile.Read(ref isAway) ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
            return Task.FromResult(Volatile.Read(ref isAway));
        };
        var (clock, log) = (new QuickPauses(), new AllLines());
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(log));
        await using var meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var settings = new ServerSettings("played", new McpServerOptions { Url = played.Url, StartWait = TimeSpan.FromMinutes(5) }, new HostSecrets(new ConfigurationBuilder().Build()));
        await using var session = new McpSession(settings, new Dictionary<string, string>(), new McpMetrics(meters.GetRequiredService<IMeterFactory>()), clock, loggers.CreateLogger<McpSession>());

        await log.UntilAsync(_ => Pauses().Count >= 9).Soon();
        Volatile.Write(ref isAway, false);
        var connection = await session.ConnectionAsync(TestContext.Current.CancellationToken).Soon();
        Pauses().Take(9).Should().Equal("00:00:01", "00:00:02", "00:00:04", "00:00:08", "00:00:16", "00:00:32", "00:01:00", "00:01:00", "00:01:00");

        var failed = Pauses().Count;
        clock.Forward(McpSession.LongestPause + TimeSpan.FromSeconds(1));
        connection!.Break("It went away.");
        await log.UntilAsync(_ => Pauses().Count > failed).Soon();
        Pauses()[failed].Should().Be("00:00:01");

        List<string> Pauses() => [.. log.Text.Split('\n').Where(line => line.Contains("the next attempt is in", StringComparison.Ordinal)).Select(line => line[^8..])];
    }
}
