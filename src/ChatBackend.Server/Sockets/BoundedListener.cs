using System.Net;
using System.Runtime.CompilerServices;
using ChatBackend.Connections;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using TransportContext = Microsoft.AspNetCore.Connections.ConnectionContext;

namespace ChatBackend.Server.Sockets;

/// <summary>
/// Closes sockets at once when as many are open as may be, or when the file descriptors that are left are needed by the server itself. Closing them
/// one after the other, before the next is accepted, is what keeps a flood from using up the rest: without descriptors Kestrel's listener tries again without end.
/// </summary>
internal sealed partial class BoundedListener(IConnectionListener listener, ConnectionLimit limit, TimeProvider clock, ILogger<BoundedListener> logger) : IConnectionListener
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromMinutes(1);

    private long? _lastLine;
    private int _refused;

    public EndPoint EndPoint => listener.EndPoint;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TransportContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await listener.AcceptAsync(cancellationToken) is { } connection)
        {
            if (connection.Features.Get<IConnectionSocketFeature>() is not { } accepted)
            {
                return connection;
            }

            if (limit.TryOpenSocket(accepted.Socket.Handle))
            {
                connection.ConnectionClosed.UnsafeRegister(static limit => ((ConnectionLimit)limit!).CloseSocket(), limit);
                return connection;
            }

            connection.Abort(new ConnectionAbortedException("As many sockets are open as may be."));
            await connection.DisposeAsync();
            Refused();
        }

        return null;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => listener.UnbindAsync(cancellationToken);

    public ValueTask DisposeAsync() => listener.DisposeAsync();

    private void Refused()
    {
        _refused++;
        if (_lastLine is not { } last || clock.GetElapsedTime(last) >= BetweenLines)
        {
            LogRefused(_refused);
            (_lastLine, _refused) = (clock.GetTimestamp(), 0);
        }
    }

    [LoggerMessage(LogLevel.Warning,
        "{Count} sockets were closed at once since the last such line: as many are open as Connections:MaxConnections or the file descriptors of the process allow. Raise the limit, or find out who connects")]
    private partial void LogRefused(int count);
}
