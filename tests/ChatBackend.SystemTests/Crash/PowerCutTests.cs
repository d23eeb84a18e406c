using System.Net.Http.Headers;
using System.Runtime.Versioning;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Tests.Storage;

namespace ChatBackend.SystemTests.Crash;

/// <summary>The power of the disk is cut soon after the first start: the server starts again, knows its users and has what it acknowledged.</summary>
[SupportedOSPlatform("linux")]
public sealed class PowerCutTests
{
    private static ITestOutputHelper Output => TestContext.Current.TestOutputHelper!;

    /// <remarks>CHAT_POWER_CUTS sets how often, after 4 s and after 27 s; without it once, after a second.</remarks>
    [Fact]
    [Trait("failure", "Q21")]
    public async Task A_power_cut_after_the_first_start_loses_no_key_and_nothing_acknowledged()
    {
        Assert.SkipWhen(TestDisk.Missing is not null, $"needs {TestDisk.Missing}");
        var cuts = Clients.Setting("CHAT_POWER_CUTS", 0);
        double[] moments = cuts == 0 ? [1] : [.. Enumerable.Repeat(4.0, cuts), .. Enumerable.Repeat(27.0, cuts)];
        foreach (var moment in moments)
        {
            await CutAsync(TimeSpan.FromSeconds(moment));
        }
    }

    private static async Task CutAsync(TimeSpan moment)
    {
        using var disk = TestDisk.Ext4(mebibytes: 128);
        var settings = ServerSettings.Scripted with
        {
            DataDirectory = Path.Combine(disk.Path, "data"),
            // Each message opens a thread that its sender follows from then on.
            Configuration = new Dictionary<string, string>(ServerSettings.Scripted.Configuration) { ["Connections:MaxFollowedThreads"] = "100000" },
        };
        Directory.CreateDirectory(settings.DataDirectory);
        GuestSession guest;
        var acked = new List<Ack>();
        ServerSettings successor;
        var started = TimeProvider.System.GetTimestamp();
        await using (var server = await ServerProcess.StartAsync(settings))
        {
            successor = server.Successor;
            guest = await server.GuestAsync();
            await using var connection = await server.ConnectAsync(guest);
            do
            {
                acked.Add(await connection.ChatAsync(Scenario.Of(Scenario.Say("yes")), agent: Scenario.Agent).Soon());
            }
            while (TimeProvider.System.GetElapsedTime(started) < moment);

            disk.Cut();
            connection.Abort();
            await server.KillAsync();
        }

        disk.Restore();
        await using var again = await ServerProcess.StartAsync(successor);
        using var http = Trusting.Client(again.Http);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", guest.Token);
        foreach (var ack in acked)
        {
            var events = await http.GetStringAsync(new Uri($"/api/threads/{ack.ThreadId}/events?limit=100", UriKind.Relative)).Soon();
            events.Should().Contain(ack.MessageId!.Value.Value);
        }

        Output.WriteLine($"cut {moment.TotalSeconds} s after the start: the token is valid, {acked.Count} of {acked.Count} acknowledged messages are there");
        await again.TerminateAsync();
    }
}
