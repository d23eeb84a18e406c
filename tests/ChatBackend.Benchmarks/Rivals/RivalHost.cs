using System.Net;
using ChatBackend.Benchmarks.Rivals.SignalR;
using ChatBackend.Benchmarks.Rivals.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ChatBackend.Benchmarks.Rivals;

/// <summary>
/// Servers of other designs, each in a process of its own, that do the same visible work as ours: what is measured beside them says what
/// our design costs and what it is worth. They log nothing and store nothing, but for the one that is named after its store.
/// </summary>
internal static class RivalHost
{
    public const string Usage =
        "Usage: dotnet ChatBackend.Benchmarks.dll rival floor|pool|broadcast|shared|piled|signalr|signalr-ef|signalr-ef-turns [--data DIR] [--model URL]";

    private static readonly TimeSpan StopBound = TimeSpan.FromSeconds(3);

    public static async Task<int> RunAsync(string[] args)
    {
        if (RivalArguments.Parse(args) is not { } arguments)
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        var agents = new RivalAgents(arguments.Model, TimeProvider.System);
        switch (arguments.Name)
        {
            case "floor":
                return await WireRival.RunAsync(new DirectDispatch(), agents);
            case "pool":
                return await WireRival.RunAsync(new PooledDispatch(), agents);
            case "broadcast":
                return await WireRival.RunAsync(new BroadcastDispatch(), agents);
            case "shared":
                return await WireRival.RunAsync(new SharedDispatch(), agents);
            case "piled":
                return await WireRival.RunAsync(new PiledDispatch(), agents);
            case "signalr":
                return await SignalRRival.RunAsync(agents);
            case "signalr-ef" when arguments.Data is { } data:
                return await SignalRRival.RunAsync(agents, data, writersAtOnce: int.MaxValue);
            case "signalr-ef-turns" when arguments.Data is { } data:
                return await SignalRRival.RunAsync(agents, data, writersAtOnce: 1);
            default:
                await Console.Error.WriteLineAsync(Usage);
                return 2;
        }
    }

    /// <summary>Nothing is in it but Kestrel: no configuration is read and no logger is there.</summary>
    public static WebApplicationBuilder NewBuilder()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http1));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopBound);
        return builder;
    }

    /// <summary>Says where it listens, and serves until it is told to stop.</summary>
    /// <param name="stopping">What is to be done while connections are still open.</param>
    public static async Task<int> ServeAsync(WebApplication app, Func<Task> stopping)
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = app.Lifetime.ApplicationStopping.Register(stop.SetResult);
        await app.StartAsync();
        await Console.Out.WriteLineAsync($"listening on {app.Urls.First()}");
        await stop.Task;
        await stopping();
        await app.StopAsync();
        return 0;
    }
}
