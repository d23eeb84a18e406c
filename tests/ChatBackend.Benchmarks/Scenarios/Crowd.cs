using System.Net;
using ChatBackend.Benchmarks.Load;
using ChatBackend.Benchmarks.Servers;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>A server and the clients that are connected to it.</summary>
internal sealed class Crowd
{
    private const int ConnectsAtOnce = 100;
    private const int ClientsOfAnAddress = 5000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static int _crowds;

    private readonly string? _token;
    private readonly IDialect _dialect;
    private readonly int _network = Interlocked.Increment(ref _crowds) % 200;
    private int _connected;

    private Crowd(LoadLoop loop, ServerUnderLoad server, string? token)
    {
        (Loop, Server, _token, _dialect) = (loop, server, token, server.Contestant.Dialect());
    }

    public ServerUnderLoad Server { get; }

    public LoadLoop Loop { get; }

    public List<LoadClient> Clients { get; } = [];

    /// <param name="loop">Shared with the crowds of other servers, so that those answer pings while one is measured.</param>
    /// <param name="token">Whose connections they are; a new guest's when null.</param>
    public static async Task<Crowd> ConnectAsync(LoadLoop loop, ServerUnderLoad server, int clients, string? token = null)
    {
        var crowd = new Crowd(loop, server, token ?? await server.TokenAsync());
        crowd.Add(clients);
        return crowd;
    }

    /// <summary>Connects more, a few at a time.</summary>
    public void Add(int clients)
    {
        for (var left = clients; left > 0; left -= ConnectsAtOnce)
        {
            var some = Enumerable.Range(0, Math.Min(left, ConnectsAtOnce)).Select(_ => New()).ToList();
            Clients.AddRange(some);
            Until(() => some.TrueForAll(client => client.IsReady || client.Socket.IsClosed || (Server.Contestant.IsBroken && client.Socket.IsOpen)), "connecting");
        }

        ThrowIfFailed();
    }

    /// <summary>Begins to connect one that is not counted among the clients.</summary>
    public LoadClient New()
    {
        // Addresses of the loopback network, each with ports of its own.
        var from = IPAddress.Parse($"127.1.{_network}.{1 + (_connected++ / ClientsOfAnAddress % 250)}");
        return new LoadClient(Loop, _dialect, Server.Address, from, _token);
    }

    public void Until(Func<bool> isDone, string what) => Loop.RunUntil(isDone, Patience, $"{Server.Contestant.Name}: {what}");

    /// <exception cref="InvalidOperationException">A client was not served as it should be: what was measured does not count.</exception>
    public void ThrowIfFailed()
    {
        var failures = Clients.Select(client => client.Failure ?? client.Socket.Failure).OfType<string>().ToList();
        if (failures.Count > 0)
        {
            throw new InvalidOperationException($"{Server.Contestant.Name} failed {failures.Count} of {Clients.Count} clients: {failures[0]}");
        }
    }
}
