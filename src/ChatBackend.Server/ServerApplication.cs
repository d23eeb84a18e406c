using ChatBackend.Demo;
using ChatBackend.Rest;
using ChatBackend.Server.Sockets;

namespace ChatBackend.Server;

/// <summary>What the server consists of, but for its log and its metrics: the program's, and that of its <see cref="Rehearsal"/>.</summary>
internal static class ServerApplication
{
    public static void AddServer(this WebApplicationBuilder builder)
    {
        builder.AddAddresses();
        builder.AddBoundedSockets();
        builder.AddCertificate();
        builder.AddTrustedProxies();
        builder.AddKnownHosts();
        builder.AddSignIns(builder.Services.AddChatBackend().AddDemo(builder.Configuration));
        builder.Services.AddProblemDetails();
        // Drain, close and end runs take up to 8 s; what is not over by then is recovered at the next start.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(9));
    }

    /// <summary>Outside of development, where what matters is the first client and not the next start.</summary>
    public static void AddWarmUp(this WebApplicationBuilder builder)
    {
        if (builder.Configuration.GetValue("WarmUp:Enabled", !builder.Environment.IsDevelopment()))
        {
            builder.Services.AddHostedService<WarmUp>();
        }
    }

    public static void UseServer(this WebApplication app)
    {
        app.UseNoAuthenticationMiddleware();
        app.UseTrustedProxies();
        app.UseConfiguredPath();
        app.UseSecurityHeaders();
        app.UseKnownHosts();
        app.UseMetricsGate();
        app.UseProblems();
        app.UsePage();
        app.MapChatBackend();
        app.MapRestDocument("/openapi/v1.json");
    }
}
