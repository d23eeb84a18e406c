namespace ChatBackend.Server;

/// <summary>
/// Whether a background service broke. The host stops then, as if it had been asked to; a process that ended because something is broken
/// must not say that all went well, or nothing starts it again.
/// </summary>
internal sealed class BackgroundFaults
{
    private IReadOnlyList<BackgroundService> _services = [];

    private BackgroundFaults()
    {
    }

    public int ExitCode => _services.Any(service => service.ExecuteTask is { IsFaulted: true }) ? 1 : 0;

    public static BackgroundFaults Of(WebApplication app)
    {
        var faults = new BackgroundFaults();
        // Not when it stops: a start that failed has no services left to ask.
        app.Lifetime.ApplicationStarted.Register(() => faults._services = [.. app.Services.GetServices<IHostedService>().OfType<BackgroundService>()]);
        return faults;
    }
}
