using System.Net.WebSockets;
using ChatBackend.Protocol;

namespace ChatBackend.Client;

/// <summary>How a <see cref="ChatConnection"/> connects, stays connected and hands on what it receives.</summary>
public sealed record ChatConnectionOptions
{
    /// <summary>The server's WebSocket address: <c>wss://host/ws</c>.</summary>
    public required Uri Uri { get; init; }

    /// <summary>
    /// Asked for a token before every attempt to connect. After the server refused a token no attempt is made until this returns
    /// another one; three times the same ends the connection. A token of another user ends the connection too: what waits in it is the first user's. <see cref="HttpRequestException"/>, <see cref="IOException"/>,
    /// <see cref="TimeoutException"/> and a request that <see cref="HttpClient"/> gave up for its time count as a failed attempt when reconnecting; anything else ends the connection.
    /// </summary>
    public required Func<CancellationToken, ValueTask<string>> Token { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Called on the options of every socket before it connects: certificates, proxy, headers, HTTP version.</summary>
    public Action<ClientWebSocketOptions>? ConfigureSocket { get; init; }

    /// <summary>
    /// What sends the upgrade requests; owned by the caller. Needed for HTTP/2, where many sockets share one connection. With
    /// it certificates and proxy are set on its handler, not in <see cref="ConfigureSocket"/>.
    /// </summary>
    public HttpMessageInvoker? Invoker { get; init; }

    /// <summary>From the start of an attempt to <c>connection_established</c>.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The first attempt to reconnect follows after a random part of this time; each further one after a random part of twice the time before.</summary>
    public TimeSpan FirstBackoff { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The time before an attempt to reconnect grows no further than this. A server's <c>Retry-After</c> comes on top.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a <c>ping</c> frame is sent.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>A socket on which nothing arrived for this long is given up; checked at each ping.</summary>
    public TimeSpan InboundTimeout { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>How long one send may take before the socket is given up.</summary>
    public TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long <see cref="ChatConnection.CloseAsync"/> waits for the server's close frame.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Bytes of one frame. A larger one cuts the socket.</summary>
    public int MaxFrameBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Commands that may wait for their answer or for a connection. A further one is refused with <see cref="InvalidOperationException"/>.</summary>
    public int MaxWaitingCommands { get; init; } = 1024;

    /// <summary>
    /// Sends a command that the server cannot take at the moment (<c>unavailable</c>, <c>rate_limited</c>) again after the time it asks for, and longer
    /// each time; commands of the same thread that were not sent yet wait behind it. False hands the error to the caller that sent it.
    /// </summary>
    public bool RetryRefused { get; init; } = true;

    /// <summary>Keeps commands until they are answered, beyond the life of this process, each user's apart. Null keeps them in memory. Owned by the caller, who disposes it after the connection.</summary>
    public ISendStore? SendStore { get; init; }

    /// <summary>
    /// Bytes of frames, as on the wire, that each followed thread keeps for <see cref="ThreadFollower.Events"/> and for waits that
    /// look back; the oldest go first. 0 keeps nothing and no transcript either: a follower then holds a cursor and positions only.
    /// </summary>
    public int FollowerBufferBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Called with every frame in the order of arrival, on the receive loop, before anything else sees it. Must be quick; what it throws ends the connection.</summary>
    public Action<ServerFrame>? OnFrame { get; init; }

    /// <summary>Called when the socket was lost and will be replaced. Must be quick; what it throws ends the connection.</summary>
    public Action<ConnectionEnd>? OnDisconnected { get; init; }

    /// <summary>Called when a lost socket was replaced, before anything is sent on the new one. Must be quick; what it throws ends the connection.</summary>
    public Action<ConnectionEstablished>? OnReconnected { get; init; }

    /// <summary>Random numbers from 0 to 1 for the back-off.</summary>
    internal Func<double> Jitter { get; init; } = Random.Shared.NextDouble;
}
