using System.Security.Claims;
using ChatBackend.Client;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Testing;

/// <summary>
/// An application with the chat backend, on a free port of this machine, with a data directory that goes with it. Its <c>script</c> agent is there.
/// </summary>
public sealed class ChatTestHost : IAsyncDisposable
{
    private readonly DirectoryInfo _data;
    private readonly WebApplication _app;

    private ChatTestHost(DirectoryInfo data, WebApplication app) => (_data, _app) = (data, app);

    /// <summary>Where it listens.</summary>
    public Uri Address => new(_app.Urls.First());

    /// <summary>The application's services.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>Returns when it takes connections.</summary>
    /// <param name="chat">Adds agents, tools and hooks; what they need goes into its <see cref="IChatBackendBuilder.Services"/>.</param>
    /// <param name="map">Maps and uses what else the application has, before the chat's endpoints.</param>
    /// <param name="settings">Configuration by its keys, such as <c>Runs:Timeout</c>.</param>
    public static async Task<ChatTestHost> StartAsync(
        Action<IChatBackendBuilder> chat, Action<WebApplication>? map = null, IReadOnlyDictionary<string, string?>? settings = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(chat);
        var data = Directory.CreateTempSubdirectory("chat-test-");
        WebApplication? app = null;
        try
        {
            app = Build(data, chat, settings);
            map?.Invoke(app);
            app.MapChatBackend();
            await app.StartAsync(cancellationToken);
            return new ChatTestHost(data, app);
        }
        catch
        {
            await EndAsync(app, data);
            throw;
        }
    }

    /// <summary>A connection of a user, who is signed in by being named.</summary>
    /// <param name="userId">1 to 128 characters.</param>
    /// <param name="claims">Those that tools and hooks see beside the id.</param>
    public Task<ChatConnection> ConnectAsync(string userId, params Claim[] claims) =>
        ConnectAsync(userId, claims, options => options);

    /// <inheritdoc cref="ConnectAsync(string, Claim[])"/>
    /// <param name="configure">Changes the connection's options, such as <see cref="ChatConnectionOptions.OnFrame"/>.</param>
    public Task<ChatConnection> ConnectAsync(string userId, IEnumerable<Claim> claims, Func<ChatConnectionOptions, ChatConnectionOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var token = Services.GetRequiredService<TestUsers>().SignIn(userId, claims);
        return ChatConnection.ConnectAsync(configure(new ChatConnectionOptions
        {
            Uri = new UriBuilder(Address) { Scheme = "ws", Path = "/ws" }.Uri,
            Token = _ => ValueTask.FromResult(token),
        }));
    }

    /// <summary>Stops the application and deletes its data.</summary>
    public async ValueTask DisposeAsync() => await EndAsync(_app, _data);

    private static WebApplication Build(DirectoryInfo data, Action<IChatBackendBuilder> chat, IReadOnlyDictionary<string, string?>? settings)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = data.FullName, EnvironmentName = "Development" });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["DataDirectory"] = Path.Combine(data.FullName, "chat"),
            ["Agents:Script:Enabled"] = "true",
            ["Connections:DrainGrace"] = "00:00:00",
            ["Runs:DrainBound"] = "00:00:00",
        });
        builder.Configuration.AddInMemoryCollection(settings ?? new Dictionary<string, string?>());
        builder.Services.AddSingleton<TestUsers>();
        builder.Services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, TestSignIn>(TestSignIn.Scheme, configureOptions: null);
        chat(builder.Services.AddChatBackend().AddSignIn(TestSignIn.Scheme));
        return builder.Build();
    }

    private static async Task EndAsync(WebApplication? app, DirectoryInfo data)
    {
        if (app is not null)
        {
            await app.DisposeAsync();
        }

        data.Delete(recursive: true);
    }
}
