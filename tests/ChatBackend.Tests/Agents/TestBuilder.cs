using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Agents;

/// <summary>A chat backend of which a test registers only what it needs.</summary>
internal sealed record TestBuilder(IServiceCollection Services) : IChatBackendBuilder;
