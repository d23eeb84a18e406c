using System.Net;
using System.Threading.Channels;
using ChatBackend.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Client;

/// <summary>A WebSocket server on a free port of this machine that does what the test says, socket by socket.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly Channel<ScriptedSocket> _accepted = Channel.CreateBounded<ScriptedSocket>(100);
    private readonly Queue<(HttpStatusCode Status, string? RetryAfter)> _refusals = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly WebApplication _app;
    private int _attempts;

    private ScriptedServer(WebApplication app) => _app = app;

    /// <summary>How many upgrades were asked for.</summary>
    public int Attempts => Volatile.Read(ref _attempts);

    public Uri Uri => new(_app.Urls.Single().Replace("http", "ws", StringComparison.Ordinal) + "/ws");

    public static async Task<ScriptedServer> StartAsync(HttpProtocols protocols = HttpProtocols.Http1)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols));
        var app = builder.Build();
        var server = new ScriptedServer(app);
        app.UseWebSockets();
        app.Run(server.ServeAsync);
        await app.StartAsync();
        return server;
    }

    /// <summary>Refuses the next upgrade; further calls refuse further ones.</summary>
    public void RefuseNext(HttpStatusCode status, string? retryAfter = null)
    {
        lock (_refusals)
        {
            _refusals.Enqueue((status, retryAfter));
        }
    }

    /// <summary>Connects a client without a pause before it reconnects.</summary>
    public Task<ChatConnection> ConnectAsync(Func<ChatConnectionOptions, ChatConnectionOptions>? configure = null)
    {
        var options = new ChatConnectionOptions { Uri = Uri, Token = _ => new ValueTask<string>("token-1"), Jitter = () => 0 };
        return ChatConnection.ConnectAsync(configure is null ? options : configure(options), TestContext.Current.CancellationToken);
    }

    /// <summary>The next socket, with its <c>connection_established</c> sent.</summary>
    public async Task<ScriptedSocket> AcceptAsync()
    {
        using var deadline = Deadline.Source();
        var socket = await _accepted.Reader.ReadAsync(deadline.Token);
        await socket.SendAsync(Samples.Established());
        return socket;
    }

    /// <summary>The next socket, silent.</summary>
    public async Task<ScriptedSocket> AcceptSilentlyAsync()
    {
        using var deadline = Deadline.Source();
        return await _accepted.Reader.ReadAsync(deadline.Token);
    }

    /// <summary>A client, and the socket it came on.</summary>
    public async Task<(ChatConnection Client, ScriptedSocket Socket)> OpenAsync(Func<ChatConnectionOptions, ChatConnectionOptions>? configure = null)
    {
        var connecting = ConnectAsync(configure);
        var socket = await AcceptAsync();
        return (await connecting, socket);
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _app.DisposeAsync();
        _ending.Dispose();
    }

    private async Task ServeAsync(HttpContext http)
    {
        Interlocked.Increment(ref _attempts);
        (HttpStatusCode Status, string? RetryAfter) refusal;
        lock (_refusals)
        {
            _refusals.TryDequeue(out refusal);
        }

        if (refusal.Status != 0)
        {
            http.Response.StatusCode = (int)refusal.Status;
            http.Response.Headers.RetryAfter = refusal.RetryAfter;
            return;
        }

        var token = http.Request.Headers.Authorization.ToString();
        using var socket = await http.WebSockets.AcceptWebSocketAsync("chat.v1");
        var scripted = new ScriptedSocket(socket, token, http.Abort);
        await _accepted.Writer.WriteAsync(scripted, _ending.Token);
        if (await Task.WhenAny(scripted.Over, Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _ending.Token)) != scripted.Over)
        {
            http.Abort();
        }
    }
}
