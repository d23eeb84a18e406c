using ChatBackend.Storage;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace ChatBackend.Identity;

internal static class IdentityRegistration
{
    public static IServiceCollection AddIdentity(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddDataDirectory();
        services.AddSection(options => options.Guests);
        services.AddSingleton<IValidateOptions<GuestOptions>, GuestOptionsValidator>();
        services.AddOptions<OriginOptions>().BindConfiguration(OriginOptions.Section).Configure<IConfiguration>((origins, configuration) =>
        {
            foreach (var name in (configuration[HostNames.Setting] ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                origins.AllowedHosts.Add(name);
            }
        });

        // A fixed name: the default is the content root, and a server that was moved would refuse its users.
        services.AddDataProtection().SetApplicationName("ChatBackend");
        services.AddSingleton<KeyFiles>();
        services.AddOptions<KeyManagementOptions>().Configure<KeyFiles>((keys, files) => keys.XmlRepository = files);

        services.AddSingleton<SessionTokens>();
        services.AddSingleton<OriginPolicy>();
        services.AddSingleton<HostNames>();
        services.AddSingleton<Tickets>();
        services.AddSingleton<IHttpContextFactory, TicketInUrl>();
        services.AddSingleton<UpgradeIdentity>();
        services.AddSingleton<ApiIdentity>();
        services.AddHostedService<TokenSelfCheck>();
        return services;
    }
}
