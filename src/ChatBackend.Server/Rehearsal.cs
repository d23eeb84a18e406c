using System.Diagnostics.Metrics;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using ChatBackend.Protocol;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Serilog;

namespace ChatBackend.Server;

/// <summary>The server once more, in the same process, with the script agent and a data directory that is thrown away; and clients that talk to it.</summary>
internal sealed class Rehearsal : IAsyncDisposable
{
    private const int Clients = 8;
    private const int TurnsOfARound = 10;
    private const string Scenario = """{"steps":[{"say":"one two three","chunks":3}]}""";

    private readonly WebApplication _app;
    private readonly List<ClientWebSocket> _sockets = [];

    private Rehearsal(WebApplication app) => _app = app;

    /// <param name="folder">Its data directory.</param>
    public static async Task<Rehearsal> StartAsync(string folder, CancellationToken cancellationToken)
    {
        // Empty: the settings, the log and the metrics of the real server are not its own.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, EnvironmentName = Environments.Production });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["urls"] = "http://127.0.0.1:0",
            [nameof(ChatBackendOptions.DataDirectory)] = folder,
            ["Agents:Script:Enabled"] = "true",
            ["Agents:Default"] = "script",
            ["Guests:Enabled"] = "true",
            ["Connections:DrainGrace"] = "00:00:00",
        });
        builder.WebHost.UseKestrel();
        builder.Services.AddRouting();
        builder.Services.AddSerilog(ServerLog.Nowhere());
        builder.Services.Replace(ServiceDescriptor.Singleton<IMeterFactory, RehearsalMeters>());
        builder.AddServer();
        var app = builder.Build();
        app.UseServer();
        var rehearsal = new Rehearsal(app);
        try
        {
            await app.StartAsync(cancellationToken);
            await rehearsal.ConnectAsync(cancellationToken);
            return rehearsal;
        }
        catch
        {
            await rehearsal.DisposeAsync();
            throw;
        }
    }

    /// <summary>Each client has some turns, one after the other, beside the other clients.</summary>
    public Task PlayAsync(CancellationToken cancellationToken) => Task.WhenAll(_sockets.Select(socket => TalkAsync(socket, cancellationToken)));

    public async ValueTask DisposeAsync()
    {
        _sockets.ForEach(socket => socket.Dispose());
        await _app.DisposeAsync();
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        var server = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        using var http = new HttpClient();
        using var answer = await http.PostAsync(new Uri(server, "/api/guests"), content: null, cancellationToken);
        var token = (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("token").GetString();
        for (var i = 0; i < Clients; i++)
        {
            var socket = new ClientWebSocket();
            _sockets.Add(socket);
            socket.Options.AddSubProtocol(ChatProtocol.Name);
            socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
            await socket.ConnectAsync(new UriBuilder(server) { Scheme = "ws", Path = "/ws" }.Uri, cancellationToken);
        }
    }

    private static async Task TalkAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        string? thread = null;
        for (var turn = 0; turn < TurnsOfARound; turn++)
        {
            var inThread = thread is null ? "" : $"\"thread_id\":\"{thread}\",";
            var chat = $$"""{"type":"chat","id":"c{{Guid.NewGuid():n}}",{{inThread}}"content":{{JsonSerializer.Serialize(Scenario)}}}""";
            await socket.SendAsync(Encoding.UTF8.GetBytes(chat), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
            string? type;
            do
            {
                var received = await socket.ReceiveAsync(buffer, cancellationToken);
                using var frame = JsonDocument.Parse(buffer.AsMemory(0, received.Count));
                type = frame.RootElement.GetProperty("type").GetString();
                thread = frame.RootElement.TryGetProperty("thread_id", out var id) ? id.GetString() : thread;
                if (type is "error" or "agent_failed")
                {
                    throw new InvalidOperationException($"A rehearsed turn failed: {frame.RootElement}");
                }
            }
            while (type != "agent_completed");
        }
    }

    /// <summary>Under other names, so that what is rehearsed is not counted.</summary>
    private sealed class RehearsalMeters : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            var meter = new Meter(new MeterOptions($"Rehearsal.{options.Name}"));
            lock (_meters)
            {
                _meters.Add(meter);
            }

            return meter;
        }

        public void Dispose() => _meters.ForEach(meter => meter.Dispose());
    }
}
