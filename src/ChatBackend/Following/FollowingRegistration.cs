using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Following;

internal static class FollowingRegistration
{
    public static IServiceCollection AddFollowing(this IServiceCollection services)
    {
        services.AddSingleton<FollowedLists>();
        services.AddSingleton<ThreadSubscriptions>();
        services.AddHostedService(provider => provider.GetRequiredService<ThreadSubscriptions>());
        return services;
    }
}
