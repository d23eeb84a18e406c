using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ChatBackend.Client;

namespace ChatBackend.SystemTests.Peers;

/// <summary>Peers that a decent WebSocket library cannot play: one that stops reading, one that vanishes without a word.</summary>
public sealed class SlowPeerTests(ITestOutputHelper output)
{
    // The outbox limit of 1 MiB twice over is nothing beside what a process that just started still grows by.
    private const double MayGrow = 128 * 1024 * 1024;
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan GoneWithin = TimeSpan.FromSeconds(45);

    [Fact]
    [Trait("failure", "B22")]
    [Trait("failure", "B30")]
    [Trait("failure", "D35")]
    [Trait("failure", "P13")]
    public async Task A_peer_that_stops_reading_and_one_that_vanishes_are_gone_in_time_and_nobody_else_notices()
    {
        await using var server = await ServerProcess.StartAsync(new ServerSettings
        {
            Configuration = new Dictionary<string, string> { ["Agents:Script:Enabled"] = "true" },
        });
        var guest = await server.GuestAsync();
        await using var other = await server.ConnectAsync(await server.GuestAsync());
        var before = await server.MetricAsync("dotnet_process_memory_working_set_bytes");

        using var vanished = await UpgradeAsync(server, guest, receiveBuffer: 64 * 1024);
        using var deaf = await UpgradeAsync(server, guest, receiveBuffer: 4096);
        var sending = SendPingsAsync(deaf);
        await server.UntilMetricAsync("chat_connections", 3);

        var clock = Stopwatch.StartNew();
        var (slowest, most) = (TimeSpan.Zero, 0.0);
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        while (await server.MetricAsync("chat_connections") > 1)
        {
            clock.Elapsed.Should().BeLessThan(GoneWithin);
            var asked = Stopwatch.StartNew();
            await other.PingAsync().Soon();
            slowest = TimeSpan.FromTicks(Math.Max(slowest.Ticks, asked.Elapsed.Ticks));
            most = Math.Max(most, await server.MetricAsync("dotnet_process_memory_working_set_bytes"));
            await beat.WaitForNextTickAsync();
        }

        var closed = server.Log.Split('\n').Where(line => line.Contains("Connection closed", StringComparison.Ordinal)).ToList();
        output.WriteLine(
            $"gone after {clock.ElapsedMilliseconds} ms, memory grew by {(most - before) / 1024 / 1024:0.0} MiB, the slowest answer to another took {slowest.TotalMilliseconds:0} ms\n"
            + string.Join('\n', closed));
        closed.Should().HaveCount(2);
        closed.Should().ContainSingle(line => line.Contains(" outbox_full (4409)", StringComparison.Ordinal) || line.Contains(" send_timed_out ", StringComparison.Ordinal));
        closed.Should().ContainSingle(line => line.Contains(" peer_vanished ", StringComparison.Ordinal));
        (most - before).Should().BeLessThan(MayGrow);
        slowest.Should().BeLessThan(AnswersWithin);
        deaf.Dispose();
        await sending;
        (await other.ChatAsync("""{"steps":[{"say":"fine"}]}""", agent: "script").Soon()).RunId.Should().NotBeNull();
    }

    /// <summary>A raw socket behind the handshake; it never answers a WebSocket ping.</summary>
    private static async Task<Socket> UpgradeAsync(ServerProcess server, GuestSession guest, int receiveBuffer)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = receiveBuffer };
        await socket.ConnectAsync(IPAddress.Loopback, server.Http.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"GET /ws HTTP/1.1\r\nHost: {server.Http.Authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + $"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nAuthorization: Bearer {guest.Token}\r\n\r\n"));
        var answer = new byte[1024];
        var read = await socket.ReceiveAsync(answer);
        Encoding.ASCII.GetString(answer, 0, read).Should().StartWith("HTTP/1.1 101");
        return socket;
    }

    /// <summary>Asks for answers it never reads, until the server has had enough.</summary>
    private static async Task SendPingsAsync(Socket socket)
    {
        var payload = Encoding.UTF8.GetBytes($$"""{"type":"ping","id":"{{new string('x', 64)}}"}""");
        // A client's frame is masked; a mask of zeros leaves the text as it is.
        byte[] frame = [0x81, (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload];
        var many = Enumerable.Repeat(frame, 100).SelectMany(bytes => bytes).ToArray();
        try
        {
            for (var i = 0; i < 2000; i++)
            {
                await socket.SendAsync(many);
            }
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            // the server, or the end of the test, closed it
        }
    }
}
