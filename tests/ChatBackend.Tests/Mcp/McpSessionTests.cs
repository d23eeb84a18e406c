using System.Diagnostics.Metrics;
using ChatBackend.Mcp;
using ChatBackend.Mcp.Servers;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
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
}
