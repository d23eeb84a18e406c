using ChatBackend.Storage;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ChatBackend.Server;

/// <summary>Gives https a certificate when the operator gave none.</summary>
internal static class ServerCertificate
{
    public static void AddCertificate(this WebApplicationBuilder builder)
    {
        // An endpoint's own certificate wins over these defaults by Kestrel's rules; the configured default would not.
        if (builder.Configuration.GetSection("Kestrel:Certificates:Default").Exists())
        {
            return;
        }

        builder.Services.AddOptions<KestrelServerOptions>().Configure<IServiceProvider>((kestrel, services) =>
        {
            // Only when an https endpoint asks, and once for all of them.
            var certificate = new Lazy<LocalCertificate>(() => ActivatorUtilities.CreateInstance<LocalCertificate>(
                services, services.GetRequiredService<DataDirectory>()));
            kestrel.ConfigureHttpsDefaults(https => https.ServerCertificate = certificate.Value.Certificate);
        });
    }
}
