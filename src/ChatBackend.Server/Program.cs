using ChatBackend.Server;
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
        Args = args,
        // Settings and page lie beside the program, wherever it is started from.
        ContentRootPath = AppContext.BaseDirectory,
    });
    log = builder.AddServerLog(stop);
    builder.AddServer();
    builder.AddMetrics();
    builder.AddWarmUp();

    await using var app = builder.Build();
    app.CheckSettings();
    app.UseServer();
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
