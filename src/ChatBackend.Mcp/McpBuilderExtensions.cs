using ChatBackend.Mcp;
using ChatBackend.Mcp.Servers;
using ChatBackend.Mcp.Tools;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ChatBackend;

/// <summary>Adds tools of Model Context Protocol servers to a chat backend.</summary>
public static class McpBuilderExtensions
{
    // The tag of the checks behind /health/ready.
    private const string ReadyTag = "chat_ready";

    /// <summary>
    /// Gives agents the tools of MCP servers, as section <c>Mcp</c> of the configuration says: servers in <c>Mcp:Servers:&lt;name&gt;</c>, what an agent has of them in
    /// <c>Mcp:Agents:&lt;agent&gt;:&lt;server&gt;</c>. What is wrong there ends the start with a sentence that names the setting. Servers start in the background.
    /// </summary>
    /// <param name="configure">Sets what configuration can set, and wins over it.</param>
    public static IChatBackendBuilder AddMcp(this IChatBackendBuilder builder, Action<McpOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        if (!services.Any(service => service.ServiceType == typeof(McpServers)))
        {
            services.AddOptions<McpOptions>().BindConfiguration(McpOptions.Section).ValidateOnStart();
            services.AddSingleton<IValidateOptions<McpOptions>, McpOptionsValidator>();
            services.AddSingleton<HostSecrets>();
            services.AddSingleton<McpMetrics>();
            services.AddSingleton<McpServers>();
            services.AddHostedService<McpStart>();
            services.AddHealthChecks().AddCheck<McpHealthCheck>("chat_mcp", tags: [ReadyTag]);
            builder.AddToolSource<McpToolSource>();
        }

        if (configure is not null)
        {
            services.Configure(configure);
        }

        return builder;
    }
}
