using System.Net;
using System.Security.Cryptography;
using System.Text;
using ChatBackend.Identity;
using OpenTelemetry.Metrics;

namespace ChatBackend.Server;

/// <summary>The numbers of the server, for Prometheus, under <c>/metrics</c>: for this machine, or where and to whom the operator says.</summary>
internal static class Metrics
{
    public const string AddressSetting = "Metrics:Address";

    private const string Path = "/metrics";
    private const string TokenSetting = "Metrics:Token";

    // What a proxy adds; a request that came through one is not from this machine.
    private static readonly string[] TracesOfProxies = ["X-Forwarded-For", "X-Original-For", "X-Real-IP", "Forwarded", "Via"];

    public static void AddMetrics(this WebApplicationBuilder builder)
    {
        if (builder.Configuration[AddressSetting] is { Length: > 0 } url)
        {
            builder.AddAddress("Metrics", url);
        }

        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter("ChatBackend", "System.Runtime", "Microsoft.AspNetCore.Server.Kestrel")
            .AddPrometheusExporter(prometheus =>
            {
                // Series are named as documented and carry only the labels that say something here.
                prometheus.ScopeInfoEnabled = false;
                prometheus.TargetInfoEnabled = false;
                // A scrape is cheap, and one that shows the past makes leak tests and people wait.
                prometheus.ScrapeResponseCacheDurationMilliseconds = 0;
            }));
    }

    public static void UseMetricsGate(this WebApplication app)
    {
        var token = app.Configuration[TokenSetting] is { Length: > 0 } text ? SHA256.HashData(Encoding.UTF8.GetBytes(text)) : null;
        var port = app.Configuration[AddressSetting] is { Length: > 0 } url ? Port(url) : (int?)null;
        app.Use(next => http =>
        {
            var isOnOwnPort = port is not null && http.Connection.LocalPort == port;
            if (!http.Request.Path.StartsWithSegments(Path))
            {
                return isOnOwnPort ? RefuseAsync(http, StatusCodes.Status404NotFound, "Only /metrics is served at this address.") : next(http);
            }

            return token is not null
                ? IsPresented(http, token) ? next(http) : RefuseAsync(http, StatusCodes.Status401Unauthorized, "The metrics need their token, as bearer.")
                : isOnOwnPort || (port is null && IsOfThisMachine(http))
                    ? next(http)
                    : RefuseAsync(http, StatusCodes.Status403Forbidden, "Metrics are for this machine only. Metrics:Address or Metrics:Token opens them to others.");
        });
    }

    private static int Port(string url) => BindingAddress.Parse(url) is { Port: > 0 } address
        ? address.Port
        : throw new InvalidOperationException($"{AddressSetting} needs a port of its own: http://10.0.0.5:9464.");

    private static bool IsPresented(HttpContext http, byte[] token) =>
        http.Request.Headers.Authorization is [{ } header]
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(Credentials.BearerToken(header))), token);

    private static bool IsOfThisMachine(HttpContext http) =>
        (http.Connection.RemoteIpAddress is not { } peer || IPAddress.IsLoopback(peer))
        && WebOrigin.IsLoopbackHost(http.Request.Host.Host)
        && !TracesOfProxies.Any(http.Request.Headers.ContainsKey);

    private static Task RefuseAsync(HttpContext http, int status, string detail)
    {
        if (status == StatusCodes.Status401Unauthorized)
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
        }

        return Results.Problem(detail, statusCode: status).ExecuteAsync(http);
    }
}
