using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Benchmarks.Rivals.SignalR;

/// <summary>What a team would write with SignalR's defaults, and with EF Core on SQLite beside it if there is a directory for it.</summary>
internal static class SignalRRival
{
    private const string Path = "/hub";

    public static async Task<int> RunAsync(RivalAgents agents, string? dataDirectory = null, int writersAtOnce = 1)
    {
        var builder = RivalHost.NewBuilder();
        var services = builder.Services;
        // The load runner's clients say nothing while others are measured.
        services.AddSignalR(hub => hub.ClientTimeoutInterval = TimeSpan.FromMinutes(10)).AddJsonProtocol(json => HubJson.Configure(json.PayloadSerializerOptions));
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(agents);
        services.AddSingleton<Greeting>();
        services.AddSingleton<HubThreads>();
        services.AddSingleton<HubRuns>();
        services.AddSingleton<RivalRuns>();
        if (dataDirectory is null)
        {
            services.AddSingleton<IMessageStore, NoStore>();
        }
        else
        {
            Directory.CreateDirectory(dataDirectory);
            services.AddDbContext<ChatDb>(db => db.UseSqlite($"Data Source={System.IO.Path.Combine(dataDirectory, "rival.db")}"));
            services.AddSingleton(new EfWriters(writersAtOnce));
            services.AddScoped<IMessageStore, EfStore>();
        }

        await using var app = builder.Build();
        if (dataDirectory is not null)
        {
            await using var scope = app.Services.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<ChatDb>().Database.EnsureCreatedAsync();
        }

        app.UseWebSockets();
        app.UseRouting();
        app.MapHub<ChatHub>(Path, hub => hub.Transports = HttpTransportType.WebSockets);
        return await RivalHost.ServeAsync(app, app.Services.GetRequiredService<RivalRuns>().StopAsync);
    }
}
