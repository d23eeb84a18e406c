using System.Net;
using Microsoft.AspNetCore.HttpOverrides;

namespace ChatBackend.Server;

/// <summary>
/// <c>ForwardedHeaders:KnownProxies</c> and <c>:KnownNetworks</c>: from whom <c>X-Forwarded-For</c>, <c>-Proto</c>, <c>-Host</c> and <c>-Prefix</c> are taken; from any other peer they are ignored.
/// </summary>
internal static class TrustedProxies
{
    public const string Proxies = "ForwardedHeaders:KnownProxies";
    public const string Networks = "ForwardedHeaders:KnownNetworks";

    public static void AddTrustedProxies(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        if (!AreNamed(configuration))
        {
            if (configuration.GetValue("ForwardedHeaders_Enabled", false))
            {
                throw new InvalidOperationException(
                    $"ASPNETCORE_FORWARDEDHEADERS_ENABLED trusts every client. Leave it out, and name the proxies in {Proxies} (addresses) or {Networks} (as 10.0.0.0/8).");
            }

            return;
        }

        var proxies = Values(configuration, Proxies).Select(text => Parse<IPAddress>(Proxies, text)).ToList();
        var networks = Values(configuration, Networks).Select(text => Parse<System.Net.IPNetwork>(Networks, text)).ToList();
        builder.Services.PostConfigure<ForwardedHeadersOptions>(options =>
        {
            options.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost | ForwardedHeaders.XForwardedPrefix;
            // As many as are trusted: the first address that is not ends the walk.
            options.ForwardLimit = null;
            options.KnownProxies.Clear();
            options.KnownIPNetworks.Clear();
            proxies.ForEach(options.KnownProxies.Add);
            networks.ForEach(options.KnownIPNetworks.Add);
        });
    }

    public static void UseTrustedProxies(this WebApplication app)
    {
        if (AreNamed(app.Configuration))
        {
            app.UseForwardedHeaders();
        }
    }

    public static bool AreNamed(IConfiguration configuration) => Values(configuration, Proxies).Concat(Values(configuration, Networks)).Any();

    // One by one, or in one value.
    private static IEnumerable<string> Values(IConfiguration configuration, string key) =>
        configuration.GetSection(key).GetChildren().Select(child => child.Value).Append(configuration[key])
            .SelectMany(value => (value ?? "").Split([';', ','], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    private static T Parse<T>(string key, string text)
        where T : IParsable<T> =>
        T.TryParse(text, null, out var parsed) ? parsed : throw new InvalidOperationException($"{key} holds '{text}', which cannot be read. Write addresses as 10.0.0.5 and networks as 10.0.0.0/8.");
}
