namespace ChatBackend.Server;

/// <summary>What is fine while developing and dangerous where strangers are: each named, with the setting that changes it.</summary>
internal static partial class UnsafeSettings
{
    /// <exception cref="InvalidOperationException">A setting would give away what people say and who they are.</exception>
    public static void CheckSettings(this WebApplication app)
    {
        if (app.Environment.IsDevelopment())
        {
            return;
        }

        if (Refused(app.Configuration) is { } reason)
        {
            throw new InvalidOperationException(reason);
        }

        foreach (var warning in Warned(app.Configuration))
        {
            LogUnsafe(app.Logger, warning);
        }
    }

    internal static string? Refused(IConfiguration configuration) =>
        PlainAddress(configuration) is { } address && !TrustedProxies.AreNamed(configuration) && !AllowsPlainHttp(configuration)
            ? $"{address} is reachable from other machines without TLS: tokens and messages could be read on the way. Use https; or name the proxy that ends TLS "
              + $"in {TrustedProxies.Proxies} or {TrustedProxies.Networks}; or accept it with Security:AllowPlainHttp=true."
            : null;

    internal static IEnumerable<string> Warned(IConfiguration configuration)
    {
        if (PlainAddress(configuration) is { } plain && AllowsPlainHttp(configuration))
        {
            yield return $"{plain} is served without TLS (Security:AllowPlainHttp)";
        }

        if (Others(configuration).FirstOrDefault(address => address.Scheme == Uri.UriSchemeHttps) is { } https
            && !configuration.GetSection("Kestrel:Certificates:Default").Exists()
            && !configuration.GetSection("Kestrel:Endpoints").GetChildren().Any(endpoint => endpoint.GetSection("Certificate").Exists()))
        {
            yield return $"{https} is served with a self-signed certificate for localhost, which no browser trusts: give one in Kestrel:Certificates:Default:Path";
        }

        if (configuration.GetValue("Agents:Script:Enabled", false))
        {
            yield return "The script agent does what a message tells it to, for tests only (Agents:Script:Enabled)";
        }

        if ((configuration["AllowedHosts"] ?? "").Split(';', StringSplitOptions.TrimEntries).Contains("*"))
        {
            yield return "Every host name is answered to, those of rebinding pages too: name the server's own in AllowedHosts";
        }

        if (!configuration.GetValue("Guests:Enabled", false) && configuration[SignIns.AuthoritySetting] is not { Length: > 0 })
        {
            yield return "No new user can sign in: guests are off (Guests:Enabled), and no issuer is named (Auth:Authority)";
        }
    }

    private static bool AllowsPlainHttp(IConfiguration configuration) => configuration.GetValue("Security:AllowPlainHttp", false);

    private static BindingAddress? PlainAddress(IConfiguration configuration) => Others(configuration).FirstOrDefault(address => address.Scheme == Uri.UriSchemeHttp);

    // The address of the metrics carries no token of a user and no message.
    private static IEnumerable<BindingAddress> Others(IConfiguration configuration) =>
        Addresses.All(configuration).Where(address => !address.IsLoopback()
            && !(configuration[Metrics.AddressSetting] is { Length: > 0 } metrics && BindingAddress.Parse(metrics).Equals(address)));

    [LoggerMessage(LogLevel.Warning, "Unsafe outside of development: {Setting}")]
    private static partial void LogUnsafe(ILogger logger, string setting);
}
