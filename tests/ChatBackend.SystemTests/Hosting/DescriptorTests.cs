using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ChatBackend.Client;

namespace ChatBackend.SystemTests.Hosting;

/// <summary>A server that may open few files, and many sockets.</summary>
public sealed class DescriptorTests
{
    [Theory]
    [InlineData(700)]
    [InlineData(600)]
    [InlineData(430)]
    [Trait("failure", "Q19")]
    public async Task More_sockets_than_it_has_descriptors_are_refused_and_those_inside_go_on(int limit)
    {
        await using var server = await StartAsync(limit);
        var warning = await server.LineAsync(line => line.Contains("Connections:MaxConnections=", StringComparison.Ordinal));
        warning.Should().Contain($"{limit} file descriptors").And.Contain("ulimit -n");
        var guest = await server.GuestAsync();
        var inside = await server.ConnectAsync(guest);
        var ack = await inside.ChatAsync(Scenario.Of(Scenario.Say("before", chunks: 2)), agent: Scenario.Agent).Soon();
        await inside.FollowerOf(ack.ThreadId!.Value).WaitForRunEndAsync(ack.RunId!.Value).Soon();

        var sockets = new List<Socket>();
        try
        {
            var answers = new Dictionary<string, int>();
            for (var i = 0; i < 1000; i++)
            {
                sockets.Add(await RequestApprovalAsync(server.Http, guest));
            }

            foreach (var socket in sockets)
            {
                var status = await StatusAsync(socket);
                answers[status] = answers.GetValueOrDefault(status) + 1;
            }

            answers.Keys.Should().BeSubsetOf(["101", "503", "closed"]);
            answers.Should().ContainKey("101").And.ContainKey(limit < 600 ? "closed" : "503", "where little is reserved the server itself may need it before all places are taken");
            answers["101"].Should().BeLessThan(limit - 340 + 1);
            ack = await inside.ChatAsync(Scenario.Of(Scenario.Say("meanwhile", chunks: 2)), ack.ThreadId, Scenario.Agent).Soon();
            (await inside.FollowerOf(ack.ThreadId!.Value).WaitForRunEndAsync(ack.RunId!.Value).Soon()).Should().BeOfType<Protocol.AgentCompleted>();
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }

        // Whose places are free again.
        await server.UntilMetricAsync("chat_connections", 1);
        await using (await server.ConnectAsync(guest))
        {
            (await server.MetricAsync("chat_file_descriptors_limit")).Should().Be(limit);
            (await server.MetricAsync("chat_file_descriptors")).Should().BeInRange(100, limit);
        }

        await inside.CloseAsync();
        (await server.TerminateAsync()).Should().Be(0);
    }

    [Fact]
    [Trait("failure", "Q19")]
    public async Task A_limit_that_leaves_nothing_for_clients_ends_the_start_with_a_sentence()
    {
        await using var server = ServerProcess.Launch(Limited(330));

        (await server.ExitAsync()).Should().Be(1);
        server.Log.Should().Contain("ulimit -n").And.NotContain("   at ");
    }

    private static Task<ServerProcess> StartAsync(int limit) => ServerProcess.StartAsync(Limited(limit));

    private static ServerSettings Limited(int descriptors) => ServerSettings.Scripted with
    {
        Launcher = ["/bin/sh", "-c", $"ulimit -n {descriptors.ToString(CultureInfo.InvariantCulture)} && exec \"$@\"", "sh"],
    };

    private static async Task<Socket> RequestApprovalAsync(Uri server, GuestSession guest)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var request = $"GET /ws HTTP/1.1\r\nHost: {server.Authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + $"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {guest.Token}\r\n\r\n";
        try
        {
            await socket.ConnectAsync(IPEndPoint.Parse(server.Authority)).Soon();
            await socket.SendAsync(Encoding.ASCII.GetBytes(request)).Soon();
        }
        catch (SocketException)
        {
            // Closed already, which the receive tells.
        }

        return socket;
    }

    private static async Task<string> StatusAsync(Socket socket)
    {
        var buffer = new byte[12];
        try
        {
            return await socket.ReceiveAsync(buffer).Soon() == buffer.Length ? Encoding.ASCII.GetString(buffer, 9, 3) : "closed";
        }
        catch (SocketException)
        {
            return "closed";
        }
    }
}
