using System.Net;

namespace ChatBackend.SystemTests.Logs;

/// <summary>A server whose lines go into a pipe that nobody reads, as when a collector of logs hangs.</summary>
public sealed class UnreadLogTests
{
    private const int Requests = 300; // each logs more than a kilobyte; a pipe takes 64

    [Fact]
    [Trait("failure", "A20")]
    public async Task When_nobody_reads_the_log_the_server_serves_and_ends_all_the_same()
    {
        var address = new Uri($"http://127.0.0.1:{Loopback.FreePort()}");
        await using var server = ServerProcess.Launch(new ServerSettings
        {
            Urls = address.GetLeftPart(UriPartial.Authority),
            Environment = "Staging",
            // The pipe's one reader is the server, which does not read.
            Launcher = ["bash", "-c", "mkfifo unread; exec 9<>unread; exec \"$@\" >unread", "bash"],
            Configuration = new Dictionary<string, string>
            {
                ["Serilog:MinimumLevel:Default"] = "Debug", ["Serilog:MinimumLevel:Override:Microsoft.AspNetCore"] = "Debug",
            },
        });
        using var http = new HttpClient { BaseAddress = address };
        await Loopback.UntilAnsweredAsync(address);

        for (var i = 0; i < Requests; i++)
        {
            (await http.GetAsync(new Uri("/health/live", UriKind.Relative)).Soon()).StatusCode.Should().Be(HttpStatusCode.OK);
        }

        (await server.TerminateAsync()).Should().Be(0);
    }
}
