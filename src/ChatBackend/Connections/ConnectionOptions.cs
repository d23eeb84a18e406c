using System.ComponentModel.DataAnnotations;
using ChatBackend.Protocol;
using ChatBackend.Threads;

namespace ChatBackend.Connections;

/// <summary>Section <c>Connections</c>: what every connection is held to. Those that clients must know are published in <c>connection_established</c>.</summary>
public sealed class ConnectionOptions
{
    /// <summary>Whether traces of commands continue the one that the <c>traceparent</c> of the socket's request names. False begins a trace for each: what a client says is not believed.</summary>
    public bool TrustTraceparent { get; set; }

    /// <summary>Origins of other pages that may connect, exactly as a browser writes them: <c>https://chat.example.com</c>.</summary>
    public IList<string> AllowedOrigins { get; } = [];

    /// <summary>Bytes of one message of a client, over all its fragments; a larger one ends the connection with 1009.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int MaxMessageBytes { get; set; } = 256 * 1024;

    /// <summary>Commands of one connection that may wait for their answer; a further one is answered with <c>rate_limited</c>.</summary>
    [Range(1, 100_000)]
    public int MaxPendingCommands { get; set; } = 1000;

    /// <summary>Bytes of those commands; a further one is answered with <c>rate_limited</c>.</summary>
    [Range(16 * 1024, 256 * 1024 * 1024)]
    public int MaxPendingBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Memory for commands that closed connections left and that are still carried out, all together; of what is more the client has no answer and sends it again.</summary>
    [Range(1024 * 1024, 4L * 1024 * 1024 * 1024)]
    public long MaxLeftCommandBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Threads that one connection may follow; a further one is refused with <c>quota_exceeded</c>.</summary>
    [Range(1, 100_000)]
    public int MaxFollowedThreads { get; set; } = 10_000;

    /// <summary>Bytes that wait for a connection that reads slowly; beyond, it ends with 4409. A single larger frame passes when nothing waits.</summary>
    [Range(16 * 1024, 256 * 1024 * 1024)]
    public int MaxOutboxBytes { get; set; } = 1024 * 1024;

    /// <summary>Bytes that wait for all connections together; absent, an eighth of the memory that the process may use, and 64 MiB at least.</summary>
    [Range(1024 * 1024, 1024L * 1024 * 1024 * 1024)]
    public long? MaxTotalOutboxBytes { get; set; }

    /// <summary>How long one send may take.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a message may take from its first byte to its last, whatever comes between its fragments.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan MessageTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>A WebSocket ping goes out after this much silence.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the answer to a WebSocket ping may take.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan HeartbeatTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long each step of a close may take: sending what waits, the peer's answer.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Between <c>server_draining</c> and the close with 1001.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan DrainGrace { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Sockets at once; a further upgrade is refused with 503.</summary>
    [Range(1, 1_000_000)]
    public int MaxConnections { get; set; } = 15_000;

    /// <summary>File descriptors that sockets leave to the log, the calls of models and what else the server opens.</summary>
    [Range(32, 100_000)]
    public int ReservedDescriptors { get; set; } = 100;

    /// <summary>What a client is told of them, so that it can keep to them.</summary>
    internal ConnectionLimits ToLimits(ThreadOptions threads) => new()
    {
        MaxMessageBytes = MaxMessageBytes,
        MaxPendingCommands = MaxPendingCommands,
        MaxPendingBytes = MaxPendingBytes,
        MaxFollowedThreads = MaxFollowedThreads,
        MaxQueuedMessages = threads.MaxQueuedMessages,
        MaxOutboxBytes = MaxOutboxBytes,
        SendTimeoutSeconds = (int)SendTimeout.TotalSeconds,
    };
}
