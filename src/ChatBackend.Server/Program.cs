using ChatBackend;
using ChatBackend.Anthropic;
using ChatBackend.Demo;
using ChatBackend.Rest;
using ChatBackend.Server;
using ChatBackend.Server.Sockets;
using ChatBackend.Storage;

if (OperatorCommand.IsOne(args))
{
    return OperatorCommand.Run(args, Console.Out);
}

if (HealthCommand.IsOne(args))
{
    return await HealthCommand.RunAsync(args, Console.Out);
}

using var stop = new StopSignals();
var log = ServerLog.UntilConfigured();
try
{
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions
    {
        Args = CheckAgentsCommand.Settings(args),
        // Settings and page lie beside the program, wherever it is started from.
        ContentRootPath = AppContext.BaseDirectory,
    });
    log = builder.AddServerLog(stop);
    builder.AddAddresses();
    builder.AddBoundedSockets();
    builder.AddCertificate();
    builder.AddTrustedProxies();
    builder.AddKnownHosts();
    builder.AddMetrics();
    builder.AddTracing();
    builder.AddSignIns(builder.Services.AddChatBackend().AddDemo(builder.Configuration).AddAnthropic().AddMcp());
    builder.Services.AddProblemDetails();
    // Drain, close and end runs take up to 8 s; what is not over by then is recovered at the next start.
    builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(9));

    await using var app = builder.Build();
    if (CheckAgentsCommand.IsOne(args))
    {
        return await CheckAgentsCommand.RunAsync(app.Services, Console.Out, CancellationToken.None);
    }

    app.CheckSettings();
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
    app.MapPrometheusScrapingEndpoint();
    app.Lifetime.ApplicationStarted.Register(stop.Started);
    var faults = BackgroundFaults.Of(app);
    await app.RunAsync(stop.Requested);
    return faults.ExitCode;
}
catch (Exception ex) when (stop.CutTheStartShort)
{
    ServerLog.Interrupted(log, ex);
    return 0;
}
catch (Exception ex) when (ex is not HostAbortedException)
{
    ServerLog.Fatal(log, ex);
    return 1;
}
finally
{
    await ServerLog.EndAsync(log);
}
