using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ChatBackend.SystemTests.Faults;

/// <summary>
/// Stands between clients and a server on loopback and does to their connections what networks do. The faults of the n-th
/// connection come from the seed and n alone. The server may go away and come back at its port.
/// </summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly IPEndPoint _server;
    private readonly Func<int, Fault?> _faultOf;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<int, ProxiedConnection> _open = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _accepting;
    private readonly int[] _strikes = new int[Enum.GetValues<FaultKind>().Length];
    private int _connections;

    /// <param name="faultOf">The fault of the n-th connection, counted from 1; null for none.</param>
    public FaultProxy(Uri server, Func<int, Fault?> faultOf)
    {
        _server = new IPEndPoint(IPAddress.Loopback, server.Port);
        _faultOf = faultOf;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(512);
        WebSocket = new UriBuilder("ws", IPAddress.Loopback.ToString(), ((IPEndPoint)_listener.LocalEndPoint!).Port, "/ws").Uri;
        _accepting = AcceptAsync();
    }

    public static FaultProxy Seeded(Uri server, int seed) => new(server, connection => Fault.Draw(new Random(HashCode(seed, connection))));

    public Uri WebSocket { get; }

    public int Connections => _connections;

    public int Open => _open.Count;

    /// <summary>How often a fault of this kind has struck.</summary>
    public int Strikes(FaultKind kind) => _strikes[(int)kind];

    /// <summary>A fault for the connections that are open now; it counts the bytes that come from now on.</summary>
    public void Arm(Fault fault)
    {
        foreach (var connection in _open.Values)
        {
            connection.Arm(fault);
        }
    }

    /// <summary>Every connection is cut and over when this returns.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Dispose();
        await _accepting;
        foreach (var connection in _open.Values)
        {
            await connection.EndAsync();
        }

        _closing.Dispose();
    }

    // System.HashCode differs from process to process; a seed must not.
    private static int HashCode(int seed, int connection) => unchecked((seed * 486187739) + (connection * 16777619));

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptAsync(_closing.Token);
            }
            catch (Exception ex) when (ex is OperationCanceledException or SocketException or ObjectDisposedException && _closing.IsCancellationRequested)
            {
                return;
            }

            var number = ++_connections;
            var connection = new ProxiedConnection(client, _faultOf(number), struck => Interlocked.Increment(ref _strikes[(int)struck.Kind]));
            _open[number] = connection;
            connection.Start(_server, () => _open.TryRemove(number, out _));
        }
    }
}
