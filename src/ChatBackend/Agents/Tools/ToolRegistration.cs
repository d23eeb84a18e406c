using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Agents.Tools;

/// <summary>A tool that an application added: its name, and how it is made once the application's services are known.</summary>
internal sealed record ToolRegistration(string Name, Func<IServiceProvider, ChatTool> Create)
{
    public static ToolRegistration Of(string name, Delegate method, Action<ChatToolOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(method);
        var options = Options(configure);
        return new ToolRegistration(
            AgentNames.Check(name), services => new ChatTool(DelegateTool.Create(name, method, services.GetRequiredService<IServiceProviderIsService>()), options));
    }

    public static ToolRegistration Of(AIFunction function, Action<ChatToolOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(function);
        var options = Options(configure);
        return new ToolRegistration(function.Name, _ => new ChatTool(function, options));
    }

    private static ChatToolOptions Options(Action<ChatToolOptions>? configure)
    {
        var options = new ChatToolOptions();
        configure?.Invoke(options);
        return options.Timeout is { } timeout && timeout <= TimeSpan.Zero
            ? throw new ArgumentException($"The time limit of a tool is {timeout}; it must be positive.", nameof(configure))
            : options;
    }
}
