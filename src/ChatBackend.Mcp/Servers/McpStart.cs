using Microsoft.Extensions.Hosting;

namespace ChatBackend.Mcp.Servers;

/// <summary>Begins to start the servers with the application, which does not wait for them. They end when its services are disposed: until then, runs that end use them.</summary>
internal sealed class McpStart(McpServers servers) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        servers.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
