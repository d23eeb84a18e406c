namespace ChatBackend.Server;

/// <summary>Where the server listens when nobody said.</summary>
internal static class Addresses
{
    private static readonly string[] Settings = ["urls", "http_ports", "https_ports"];

    public static void AddAddresses(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        if (!Settings.Any(setting => configuration[setting] is { Length: > 0 }) && !configuration.GetSection("Kestrel:Endpoints").Exists())
        {
            // Loopback only: who wants to be reached from elsewhere says so.
            builder.WebHost.UseUrls("http://localhost:5080", "https://localhost:5443");
        }
    }
}
