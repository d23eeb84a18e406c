using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace ChatBackend.Storage;

internal static class DataDirectoryRegistration
{
    /// <summary>By factory, so that the container releases the directory when it is disposed.</summary>
    public static IServiceCollection AddDataDirectory(this IServiceCollection services)
    {
        services.AddChatBackendOptions();
        services.TryAddSingleton(provider => new DataDirectory(provider.GetRequiredService<IOptions<ChatBackendOptions>>().Value.DataDirectory));
        return services;
    }
}
