using System.Net;
using System.Net.Sockets;
using ChatBackend.Tests.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace ChatBackend.Tests.Hosting;

/// <summary>The silo that the library brings takes no port that another program may take first.</summary>
public sealed class EmbeddedSiloTests
{
    [Fact]
    public async Task A_port_that_is_taken_while_the_server_starts_does_not_keep_it_from_starting()
    {
        var takers = new List<Socket>();
        try
        {
            await using var host = await SampleHost.StartAsync(
                configure: builder => builder.Services.AddChatBackend(),
                map: app =>
                {
                    var silo = app.Services.GetRequiredService<IOptions<EndpointOptions>>().Value;
                    takers.AddRange(new[] { silo.SiloPort, silo.GatewayPort, silo.SiloListeningEndpoint!.Port }.Distinct().Where(port => port != 0).Select(Take).OfType<Socket>());
                    app.MapChatBackend();
                });

            await using var socket = await host.ConnectAsync("/ws", ("Cookie", await host.SignInAsync("ada")));
            (await socket.ReceiveAsync()).GetProperty("type").GetString().Should().Be("connection_established");
            await socket.SendAsync("""{"type":"chat","id":"c1","content":"Hi"}""");
            (await socket.ReceiveAsync().Soon()).GetProperty("type").GetString().Should().Be("ack");
        }
        finally
        {
            takers.ForEach(taker => taker.Dispose());
        }
    }

    /// <summary>Null where another program has it, which is as good.</summary>
    private static Socket? Take(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen();
            return socket;
        }
        catch (SocketException ex) when (ex.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            socket.Dispose();
            return null;
        }
    }
}
