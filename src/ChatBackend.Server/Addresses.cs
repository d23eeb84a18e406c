using System.Net;

namespace ChatBackend.Server;

/// <summary>Where the server listens: where it was told to, else on this machine only.</summary>
internal static class Addresses
{
    public const string Default = "http://localhost:5080";

    private const string Endpoints = "Kestrel:Endpoints";

    private static readonly string[] Settings = ["urls", "http_ports", "https_ports"];

    public static void AddAddresses(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        if (!Settings.Any(setting => configuration[setting] is { Length: > 0 }) && !configuration.GetSection(Endpoints).Exists())
        {
            // Loopback only: an operator who wants to be reached from other machines says so.
            builder.WebHost.UseUrls(Default, "https://localhost:5443");
        }
    }

    /// <summary>Adds one to those that the server was told of.</summary>
    public static void AddAddress(this WebApplicationBuilder builder, string name, string url)
    {
        if (builder.Configuration.GetSection(Endpoints).Exists())
        {
            builder.Configuration[$"{Endpoints}:{name}:Url"] = url;
        }
        else
        {
            builder.WebHost.UseUrls([.. All(builder.Configuration).Select(address => address.ToString()), url]);
        }
    }

    /// <summary>By the precedence of Kestrel: endpoints, then urls, then ports.</summary>
    public static IReadOnlyList<BindingAddress> All(IConfiguration configuration)
    {
        var endpoints = configuration.GetSection(Endpoints).GetChildren().Select(endpoint => endpoint["Url"]).OfType<string>().ToList();
        if (endpoints.Count == 0)
        {
            endpoints = List(configuration["urls"]);
        }

        if (endpoints.Count == 0)
        {
            endpoints = [.. List(configuration["http_ports"]).Select(port => $"http://*:{port}"), .. List(configuration["https_ports"]).Select(port => $"https://*:{port}")];
        }

        return [.. endpoints.Select(BindingAddress.Parse)];
    }

    /// <summary>Whether only this machine can reach it.</summary>
    public static bool IsLoopback(this BindingAddress address) =>
        address.IsUnixPipe || address.IsNamedPipe || address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));

    private static List<string> List(string? text) => [.. (text ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
}
