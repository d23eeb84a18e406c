using System.Text.Encodings.Web;
using ChatBackend.Storage;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.DataProtection;
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
        services.AddSection(options => options.Auth);
        services.AddSingleton<KeyFiles>();
        services.AddKeyedSingleton<IDataProtectionProvider, TokenProtection>(TokenProtection.Key);
        services.AddHostedService<KeysSelfCheck>();
        // Not AddAuthentication, which brings the application a Data Protection that writes keys into its user's home; and not AddWebEncoders,
        // for one encoder: each assembly takes two of the file descriptors that are for clients.
        services.AddAuthenticationCore();
        services.TryAddSingleton(UrlEncoder.Default);
        services.AddOptions<SignInSchemes>();
        services.AddSingleton<OriginPolicy>();
        services.AddSingleton<HostNames>();
        services.AddSingleton<ChatSignIn>();
        services.AddSingleton<UpgradeIdentity>();
        services.AddSingleton<ApiIdentity>();
        return services;
    }

    public static IServiceCollection AddGuestSignIn(this IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(SessionTokens)))
        {
            return services;
        }

        services.AddSection(options => options.Guests);
        services.AddSingleton<IValidateOptions<GuestOptions>, GuestOptionsValidator>();
        services.AddSingleton<SessionTokens>();
        services.AddHostedService<TokenSelfCheck>();
        services.AddScheme<SessionTokenHandler>(ChatAuthentication.BearerScheme);
        services.AddScheme<SessionCookieHandler>(ChatAuthentication.CookieScheme);
        return services.Configure<SignInSchemes>(schemes => schemes.HasGuests = true);
    }

    public static IServiceCollection AddTicketSignIn(this IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(Tickets)))
        {
            return services;
        }

        services.AddSingleton<Tickets>();
        services.AddScheme<TicketHandler>(ChatAuthentication.TicketScheme);
        return services.Configure<SignInSchemes>(schemes => schemes.HasTickets = true);
    }

    private static void AddScheme<THandler>(this IServiceCollection services, string name)
        where THandler : AuthenticationHandler<AuthenticationSchemeOptions>
    {
        new AuthenticationBuilder(services).AddScheme<AuthenticationSchemeOptions, THandler>(name, configureOptions: null);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<AuthenticationOptions>, ApplicationsOwnDefault>());
    }

    /// <summary>The only scheme of an application is its default one without being named so; ours beside it do not change that.</summary>
    private sealed class ApplicationsOwnDefault : IPostConfigureOptions<AuthenticationOptions>
    {
        public void PostConfigure(string? name, AuthenticationOptions options)
        {
            if (options.DefaultScheme is null
                && options.Schemes.Where(scheme => !ChatAuthentication.IsOurs(scheme.Name)).Select(scheme => scheme.Name).ToList() is [var only])
            {
                options.DefaultScheme = only;
            }
        }
    }
}
