using ChatBackend.Connections;
using ChatBackend.Identity;
using ChatBackend.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Benchmarks.Micro;

/// <summary>
/// So many connections as the endpoint opens them, each with a scope and a handler of its own, on sockets that go nowhere.
/// The host is built and not started: nothing else runs or allocates beside what is measured.
/// </summary>
internal sealed class OpenConnections : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-benchmark-");
    private readonly List<AsyncServiceScope> _scopes = [];
    private readonly List<SilentSocket> _sockets = [];
    private readonly WebApplication _host;

    public OpenConnections(int count)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["DataDirectory"] = _directory.FullName, ["Agents:Script:Enabled"] = "true" });
        builder.Services.AddChatBackend();
        _host = builder.Build();
        Router = _host.Services.GetRequiredService<MessageRouter>();
        All = [.. Enumerable.Range(0, count).Select(_ => Open())];
    }

    public MessageRouter Router { get; }

    public IServiceProvider Services => _host.Services;

    /// <summary>One a connection, in the order in which they were opened.</summary>
    public OpenConnection[] All { get; }

    /// <summary>Frames that came to a socket.</summary>
    public long Sent => _sockets.Sum(socket => socket.Sent);

    public async ValueTask DisposeAsync()
    {
        foreach (var scope in _scopes)
        {
            await scope.DisposeAsync();
        }

        await _host.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private OpenConnection Open()
    {
        var scope = _host.Services.CreateAsyncScope();
        var socket = new SilentSocket();
        var context = scope.ServiceProvider.GetRequiredService<ConnectionContext>();
        context.Attach(socket, new Session(UserId.New(), DateTimeOffset.MaxValue), new DefaultHttpContext());
        var connection = new OpenConnection(
            context, scope.ServiceProvider.GetRequiredService<AgentMessageHandler>(), scope.ServiceProvider.GetRequiredService<Outbox>());
        Router.Register(connection);
        _scopes.Add(scope);
        _sockets.Add(socket);
        return connection;
    }
}
