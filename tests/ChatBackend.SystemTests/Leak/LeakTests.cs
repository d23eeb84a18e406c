using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using ChatBackend.Client;

namespace ChatBackend.SystemTests.Leak;

/// <summary>Cycles of 1,000 connections that end in every way, after one that warms up. CHAT_LEAK_CYCLES sets how many.</summary>
public sealed class LeakTests(ITestOutputHelper output)
{
    private const int Connects = 1000;
    private const int AtOnce = 40;
    private const int Collections = 5;
    private const double MayGrow = 300; // bytes for each connection; a handler that is kept holds 10,000 with its scope

    private static readonly int Cycles = int.Parse(Environment.GetEnvironmentVariable("CHAT_LEAK_CYCLES") ?? "6", CultureInfo.InvariantCulture);
    private static readonly string[] Gauges = ["chat_connections", "chat_connection_handlers", "chat_connection_scopes", "chat_runs"];

    [Fact]
    [Trait("failure", "A1")]
    [Trait("failure", "A9")]
    [Trait("failure", "B15")]
    [Trait("failure", "B18")]
    [Trait("failure", "B27")]
    [Trait("failure", "D44")]
    public async Task After_each_cycle_nothing_is_left_and_the_heap_stays_as_it_was()
    {
        await using var server = await ServerProcess.StartAsync(new ServerSettings
        {
            Configuration = new Dictionary<string, string> { ["Agents:Script:Enabled"] = "true", ["Serilog:MinimumLevel:Override:ChatBackend"] = "Error" },
        });
        await CycleAsync(server);
        await LiveBytesAsync(server);
        var alive = new List<double>();
        for (var cycle = 0; cycle < Cycles; cycle++)
        {
            await CycleAsync(server);
            alive.Add(await LiveBytesAsync(server));
            output.WriteLine($"cycle {cycle}: gauges 0, {alive[^1] / 1024:0} KiB alive");
        }

        // The least of each half, so that one high reading changes nothing; on average they are half of the cycles apart.
        var half = Cycles / 2;
        var growth = (alive.TakeLast(half).Min() - alive.Take(half).Min()) / (half * Connects);
        output.WriteLine($"{growth:0} bytes more for each connection");
        growth.Should().BeLessThan(MayGrow);
    }

    private static async Task CycleAsync(ServerProcess server)
    {
        var guests = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => server.GuestAsync()));
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Connects), new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (i, _) => await ConnectAndEndAsync(server, guests[i / 6 % guests.Length], i % 6));
        foreach (var gauge in Gauges)
        {
            await server.UntilMetricAsync(gauge, 0);
        }
    }

    private static async Task ConnectAndEndAsync(ServerProcess server, GuestSession guest, int way)
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {(way == 2 ? "nonsense" : guest.Token)}");
        if (way == 2)
        {
            var refused = () => socket.ConnectAsync(server.WebSocket, CancellationToken.None);
            await refused.Should().ThrowAsync<WebSocketException>();
            return;
        }

        await socket.ConnectAsync(server.WebSocket, CancellationToken.None).Soon();
        switch (way)
        {
            case 0:
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).Soon();
                break;
            case 1:
                socket.Abort();
                break;
            case 3:
                await socket.SendAsync(new byte[] { 1 }, WebSocketMessageType.Binary, true, CancellationToken.None);
                await UntilClosedAsync(socket);
                break;
            case 4:
                await SendAsync(socket, """{"type":"chat","id":"a","agent":"script","content":"{\"steps\":[{\"say\":\"x\"},{\"crash\":\"in the middle\"}]}"}""");
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).Soon();
                break;
            default:
                await SendAsync(socket, """{"type":"chat","id":"a","agent":"script","content":"{\"steps\":[{\"say\":\"x\",\"chunks\":5,\"every_ms\":20},{\"tool\":\"t\",\"ms\":50}]}"}""");
                socket.Abort();
                break;
        }
    }

    private static Task SendAsync(ClientWebSocket socket, string frame) =>
        socket.SendAsync(
            Encoding.UTF8.GetBytes(frame.Replace("\"a\"", $"\"{Guid.NewGuid():n}\"", StringComparison.Ordinal)),
            WebSocketMessageType.Text, true, CancellationToken.None).Soon();

    private static async Task UntilClosedAsync(ClientWebSocket socket)
    {
        var buffer = new byte[4096];
        while ((await socket.ReceiveAsync(buffer, CancellationToken.None).Soon()).MessageType != WebSocketMessageType.Close)
        {
        }
    }

    /// <summary>The least that is alive after any of several full collections; the first ones only let finalizers run.</summary>
    private static async Task<double> LiveBytesAsync(ServerProcess server)
    {
        var least = double.MaxValue;
        for (var i = 0; i < Collections; i++)
        {
            await server.CollectAsync();
            var sizes = await server.MetricsAsync("dotnet_gc_last_collection_heap_size_bytes", "dotnet_gc_last_collection_heap_fragmentation_size_bytes");
            least = Math.Min(least, sizes[0] - sizes[1]);
        }

        return least;
    }
}
