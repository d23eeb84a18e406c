using ChatBackend.Agents;
using ChatBackend.Agents.Tools;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend;

/// <summary>What an application adds to its chat backend.</summary>
public static class ChatBackendBuilderExtensions
{
    /// <summary>Adds an agent. It stands beside those of configuration; no two may have one name. The first one is the default, unless <c>Agents:Default</c> names another.</summary>
    /// <param name="name">1 to 64 of <c>A-Z a-z 0-9 . _ -</c>; messages choose the agent by it.</param>
    /// <exception cref="ArgumentException">The name has other characters.</exception>
    public static IChatBackendBuilder AddAgent(this IChatBackendBuilder builder, string name, Action<ChatAgentBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        var agent = new ChatAgentBuilder(name);
        configure(agent);
        builder.Services.AddSingleton(agent.Build());
        return builder;
    }

    /// <summary>Adds a tool that agents share: in code with <see cref="ChatAgentBuilder.UseTool"/>, in configuration with <c>Agents:List:n:Tools</c>.</summary>
    /// <inheritdoc cref="ChatAgentBuilder.AddTool(string, Delegate, Action{ChatToolOptions}?)"/>
    public static IChatBackendBuilder AddTool(this IChatBackendBuilder builder, string name, Delegate method, Action<ChatToolOptions>? configure = null) =>
        builder.Add(ToolRegistration.Of(name, method, configure));

    /// <summary>Adds a tool that agents share: in code with <see cref="ChatAgentBuilder.UseTool"/>, in configuration with <c>Agents:List:n:Tools</c>.</summary>
    /// <inheritdoc cref="ChatAgentBuilder.AddTool(AIFunction, Action{ChatToolOptions}?)"/>
    public static IChatBackendBuilder AddTool(this IChatBackendBuilder builder, AIFunction function, Action<ChatToolOptions>? configure = null) =>
        builder.Add(ToolRegistration.Of(function, configure));

    /// <summary>Adds an API by which models are asked: agents of configuration name it in <c>Agents:List:n:Provider</c>.</summary>
    /// <param name="name">1 to 64 of <c>A-Z a-z 0-9 . _ -</c>; it takes the place of one that is there under that name.</param>
    /// <param name="connect">
    /// Makes the model from the application's services, the agent's settings and its key, once, at the start; null is no key. The model throws <see cref="ModelException"/> to say what a failure means.
    /// Requests are repeated and what is secret is kept out of the log around it, as for the providers that are there.
    /// </param>
    public static IChatBackendBuilder AddModelProvider(this IChatBackendBuilder builder, string name, Func<IServiceProvider, ModelEndpointOptions, string?, IChatClient> connect)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(connect);
        builder.Services.AddSingleton(new ModelProvider(AgentNames.Check(name), connect));
        return builder;
    }

    /// <summary>Adds a hook that is called in every run, of every agent.</summary>
    public static IChatBackendBuilder AddRunHook<THook>(this IChatBackendBuilder builder)
        where THook : ChatRunHook
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddScoped<ChatRunHook, THook>();
        return builder;
    }

    /// <summary>Adds a source that gives agents tools when a run starts.</summary>
    public static IChatBackendBuilder AddToolSource<TSource>(this IChatBackendBuilder builder)
        where TSource : ChatToolSource
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton<ChatToolSource, TSource>();
        return builder;
    }

    private static IChatBackendBuilder Add(this IChatBackendBuilder builder, ToolRegistration tool)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton(tool);
        return builder;
    }
}
