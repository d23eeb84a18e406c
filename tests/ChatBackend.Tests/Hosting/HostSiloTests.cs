using System.Net;
using System.Net.Sockets;
using ChatBackend.Testing;
using ChatBackend.Tests.Agents;
using ChatBackend.Tests.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;

namespace ChatBackend.Tests.Hosting;

/// <summary>An application with an Orleans silo of its own keeps it, and its threads live there.</summary>
[Trait("failure", "Q27")]
public sealed class HostSiloTests
{
    [Fact]
    public async Task The_silo_of_an_application_stays_as_it_is_and_is_used()
    {
        var address = new IPEndPoint(IPAddress.Loopback, FreePort());
        await using var host = await SampleHost.StartAsync(
            configure: builder =>
            {
                builder.UseOrleans(silo => silo.UseDevelopmentClustering(address)
                    .Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = ("the-hosts", "shop"))
                    .Configure<EndpointOptions>(endpoint =>
                    {
                        (endpoint.AdvertisedIPAddress, endpoint.SiloPort, endpoint.GatewayPort) = (address.Address, address.Port, 0);
                        endpoint.SiloListeningEndpoint = address;
                    }));
                builder.Services.AddChatBackend().AddAgent("support", agent => agent.UseModel(new ScriptedModel([new TextContent("Hello.")])));
            },
            map: app => app.MapChatBackend());

        host.App.Services.GetRequiredService<IOptions<ClusterOptions>>().Value.Should().BeEquivalentTo(new { ClusterId = "the-hosts", ServiceId = "shop" });
        host.App.Services.GetServices<IHostedService>().Count(service => service.GetType().Name == "SiloHostedService").Should().Be(1);

        await using var socket = await host.ConnectAsync("/ws", ("Cookie", await host.SignInAsync("ada")));
        (await socket.ReceiveAsync()).GetProperty("type").GetString().Should().Be("connection_established");
        await socket.SendAsync("""{"type":"chat","id":"c1","content":"Hi"}""");
        string type;
        do
        {
            type = (await socket.ReceiveAsync().Soon()).GetProperty("type").GetString()!;
        }
        while (type is not ("agent_completed" or "agent_failed"));
        type.Should().Be("agent_completed");
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
