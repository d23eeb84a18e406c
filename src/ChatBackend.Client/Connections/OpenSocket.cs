using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using ChatBackend.Protocol;

namespace ChatBackend.Client.Connections;

/// <summary>A socket whose <c>connection_established</c> has arrived. Owned by who opened it.</summary>
internal sealed record OpenSocket(ClientWebSocket Socket, MessageReader Messages, ConnectionEstablished Established) : IDisposable
{
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(15);
#if NET9_0_OR_GREATER
    private static readonly TimeSpan KeepAliveTimeout = TimeSpan.FromSeconds(20);
#endif

    /// <exception cref="ChatConnectException">Refused, unreachable, too late, or closed at once.</exception>
    public static async Task<OpenSocket> OpenAsync(ChatConnectionOptions options, string token, CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        using var late = new CancellationTokenSource(options.ConnectTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            Configure(socket.Options, options, token);
            await socket.ConnectAsync(options.Uri, options.Invoker, either.Token);
            var messages = new MessageReader(socket, options.MaxFrameBytes);
            return new OpenSocket(socket, messages, await EstablishAsync(messages, options, either.Token));
        }
        catch (Exception ex)
        {
            var end = EndOf(socket, ex, late.IsCancellationRequested, options.TimeProvider);
            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            if (ex is not (WebSocketException or HttpRequestException or JsonException or OperationCanceledException))
            {
                throw;
            }

            throw new ChatConnectException($"Could not connect to {options.Uri}: {end}.", end, ex);
        }
    }

    public void Dispose() => Socket.Dispose();

    private static void Configure(ClientWebSocketOptions socket, ChatConnectionOptions options, string token)
    {
        socket.AddSubProtocol(ChatProtocol.Name);
        socket.SetRequestHeader("Authorization", $"Bearer {token}");
        socket.CollectHttpResponseDetails = true;
        socket.KeepAliveInterval = KeepAliveInterval;
#if NET9_0_OR_GREATER
        // Before .NET 9 only PingInterval and InboundTimeout find out that the server is gone.
        socket.KeepAliveTimeout = KeepAliveTimeout;
#endif
        options.ConfigureSocket?.Invoke(socket);
    }

    private static async Task<ConnectionEstablished> EstablishAsync(MessageReader messages, ChatConnectionOptions options, CancellationToken cancellationToken)
    {
        if (await messages.ReadAsync(cancellationToken) is not { } message)
        {
            var end = new ConnectionEnd { CloseCode = messages.CloseCode, Reason = messages.CloseReason };
            throw new ChatConnectException($"{options.Uri} closed at once: {end}.", end);
        }

        var first = ServerFrameReader.Read(message);
        options.OnFrame?.Invoke(first);
        return first as ConnectionEstablished ?? throw new JsonException($"The first frame was {first.GetType().Name}, not connection_established.");
    }

    private static ConnectionEnd EndOf(ClientWebSocket socket, Exception failed, bool isLate, TimeProvider clock)
    {
        var wasRefused = failed is WebSocketException && socket.HttpStatusCode is not (0 or HttpStatusCode.SwitchingProtocols or HttpStatusCode.OK);
        return new ConnectionEnd
        {
            Status = wasRefused ? socket.HttpStatusCode : null,
            Reason = wasRefused ? "the upgrade was refused" : isLate ? "no connection in time" : failed.Message,
            RetryAfter = RetryAfter(socket.HttpResponseHeaders, clock),
            Cause = failed,
        };
    }

    private static TimeSpan? RetryAfter(IReadOnlyDictionary<string, IEnumerable<string>>? headers, TimeProvider clock)
    {
        if (headers?.FirstOrDefault(header => header.Key.Equals("Retry-After", StringComparison.OrdinalIgnoreCase)).Value is not { } values
            || !System.Net.Http.Headers.RetryConditionHeaderValue.TryParse(values.FirstOrDefault(), out var value))
        {
            return null;
        }

        var wait = value.Delta ?? value.Date - clock.GetUtcNow();
        return wait > TimeSpan.Zero ? wait : null;
    }
}
