using System.Runtime.Loader;
using ChatBackend.SystemTests.Containment;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;

[assembly: HostingStartup(typeof(BrokenParts))]

/// <summary>Has the run time of a server process load this assembly, so that ASP.NET Core finds <see cref="BrokenParts"/> by its name.</summary>
internal static class StartupHook
{
    public static void Initialize() => AssemblyLoadContext.Default.Resolving += (context, name) =>
    {
        // The server has none of what tests refer to; it lies beside them.
        var beside = Path.Combine(Path.GetDirectoryName(typeof(StartupHook).Assembly.Location)!, name.Name + ".dll");
        return File.Exists(beside) ? context.LoadFromAssemblyPath(beside) : null;
    };
}

namespace ChatBackend.SystemTests.Containment
{
    /// <summary>Breaks a part of a server process, by ASP.NET Core's own way to add to one from outside.</summary>
    public sealed class BrokenParts : IHostingStartup
    {
        private const string Variable = "CHAT_TESTS_BROKEN_PART";

        /// <summary>Settings of a server one part of which is broken: <c>silo</c> or <c>background</c>.</summary>
        internal static ServerSettings Settings(string part) => new()
        {
            Configuration = new Dictionary<string, string>
            {
                ["DOTNET_STARTUP_HOOKS"] = typeof(BrokenParts).Assembly.Location,
                ["ASPNETCORE_HOSTINGSTARTUPASSEMBLIES"] = typeof(BrokenParts).Assembly.GetName().Name!,
                [Variable] = part,
            },
        };

        public void Configure(IWebHostBuilder builder) => builder.ConfigureServices(services =>
        {
            switch (Environment.GetEnvironmentVariable(Variable))
            {
                case "silo":
                    services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, BrokenSilo>();
                    break;
                case "background":
                    services.AddHostedService<BrokenService>();
                    break;
            }
        });

        private sealed class BrokenSilo : ILifecycleParticipant<ISiloLifecycle>
        {
            public void Participate(ISiloLifecycle observer) => observer.Subscribe(
                nameof(BrokenSilo), ServiceLifecycleStage.RuntimeGrainServices, _ => throw new InvalidOperationException("This silo cannot start."));
        }

        private sealed class BrokenService(IHostApplicationLifetime lifetime) : BackgroundService
        {
            protected override async Task ExecuteAsync(CancellationToken stoppingToken)
            {
                var started = new TaskCompletionSource();
                using var _ = lifetime.ApplicationStarted.Register(started.SetResult);
                await started.Task;
                throw new InvalidOperationException("This service is broken.");
            }
        }
    }
}
