using System.Globalization;
using ChatBackend.Connections;
using ChatBackend.Protocol;
using ChatBackend.Tests.Architecture;
using ChatBackend.Tests.Server;
using ChatBackend.Threads;

namespace ChatBackend.Tests.Connections;

/// <summary>What connections are held to: as documented, and as each client is told.</summary>
public sealed class ConnectionOptionsTests
{
    [Fact]
    public void Every_limit_is_by_default_what_the_operator_is_told()
    {
        var documented = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "operations.md"))
            .Where(line => line.StartsWith("| `Connections:", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .ToDictionary(row => row[1].Trim('`')["Connections:".Length..], row => row[2]);

        foreach (var property in typeof(ConnectionOptions).GetProperties().Where(property => property.CanWrite && property.Name != nameof(ConnectionOptions.MaxTotalOutboxBytes)))
        {
            Convert.ToString(property.GetValue(new ConnectionOptions()), CultureInfo.InvariantCulture).Should().BeEquivalentTo(documented[property.Name], property.Name);
        }

        new ConnectionOptions().MaxTotalOutboxBytes.Should().BeNull();
        (new ConnectionOptions().AllowedOrigins.Count, documented[nameof(ConnectionOptions.AllowedOrigins)]).Should().Be((0, "empty"));
    }

    [Fact]
    public void A_client_is_told_the_limits_that_it_is_held_to()
    {
        var limits = new ConnectionOptions
        {
            MaxMessageBytes = 1, MaxPendingCommands = 2, MaxPendingBytes = 3, MaxFollowedThreads = 4, MaxOutboxBytes = 6, SendTimeout = TimeSpan.FromSeconds(7),
        }.ToLimits(new ThreadOptions { MaxQueuedMessages = 5 });

        limits.Should().BeEquivalentTo(new
        {
            MaxMessageBytes = 1, MaxPendingCommands = 2, MaxPendingBytes = 3, MaxFollowedThreads = 4, MaxQueuedMessages = 5, MaxOutboxBytes = 6, SendTimeoutSeconds = 7,
        });
    }

    [Fact]
    public async Task The_first_frame_says_who_one_is_and_what_holds_here()
    {
        await using var server = new ChatServer(("Connections:HeartbeatInterval", "00:00:21"), ("Connections:MaxPendingCommands", "17"));
        await using var client = await server.ConnectAsync();

        var established = client.Connection.Established;

        (established.UserId, established.HeartbeatSeconds, established.Limits.MaxPendingCommands).Should().Be((client.Guest.UserId, 21, 17));
        established.Limits.MaxMessageBytes.Should().Be(262_144);
        established.Agents.Should().Contain("script");
        established.LogId.Should().NotBeNullOrEmpty();
        established.ServerTime.Should().BeCloseTo(server.Clock.GetUtcNow(), TimeSpan.FromMinutes(1));
        client.Frames.All()[0].Should().BeOfType<ConnectionEstablished>();
    }
}
