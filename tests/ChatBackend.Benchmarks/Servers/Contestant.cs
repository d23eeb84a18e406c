using ChatBackend.Benchmarks.Load;

namespace ChatBackend.Benchmarks.Servers;

/// <summary>A server that takes part, how it is started and talked to.</summary>
/// <param name="Name">As it stands in the tables.</param>
/// <param name="About">One line for the reader of the tables.</param>
internal sealed record Contestant(string Name, string About, Func<IDialect> Dialect, params string[] Command)
{
    public static readonly Contestant Ours = new("ours", "ChatBackend.Server as users get it: durable, synchronous=FULL, log on", () => new WireDialect())
    {
        IsOurs = true,
    };

    public static readonly Contestant Floor = Rival("floor", "bare Kestrel WebSocket, zero-byte reads, no scope, no log, nothing stored", () => new WireDialect(), "floor");
    public static readonly Contestant SignalR = Rival("signalr", "SignalR hub, JSON protocol, no log, nothing stored; a turn is a stream", () => new SignalRDialect(streams: true), "signalr");
    public static readonly Contestant SignalRGroup = Rival("signalr", "SignalR hub, JSON protocol, no log, nothing stored; a thread is a group", () => new SignalRDialect(streams: false), "signalr");
    public static readonly Contestant SignalREf = Rival("signalr+ef", "SignalR hub with EF Core on SQLite, one commit a message, no log", () => new SignalRDialect(streams: true), "signalr-ef") with { Stores = true };
    public static readonly Contestant SignalREfTurns = Rival("signalr+ef, one writer", "the same, where writers take turns instead of waiting for SQLite's lock", () => new SignalRDialect(streams: true), "signalr-ef-turns") with { Stores = true };
    public static readonly Contestant SocketIo = new("socket.io", "Socket.IO 4 on Node, nothing stored", () => new SocketIoDialect(), "node", SocketIoScript);
    public static readonly Contestant Pool = Rival("pool", "the floor with 64 pooled handlers, each mapped to several connections", () => new WireDialect(), "pool");
    public static readonly Contestant Broadcast = Rival("broadcast", "the floor where every event goes to every connection, which filters", () => new WireDialect(), "broadcast");
    public static readonly Contestant Shared = Rival("shared (broken)", "one handler for all, its socket overwritten by each newcomer", () => new WireDialect(), "shared") with { IsBroken = true };
    public static readonly Contestant Piled = Rival("piled (broken)", "a handler is added for each connection and none is removed; the first one serves all", () => new WireDialect(), "piled") with { IsBroken = true };

    public bool IsOurs { get; private init; }

    /// <summary>Our server, as it was at a commit.</summary>
    public static Contestant Earlier(string commit, string about, string serverDll) => new(commit, about, () => new WireDialect())
    {
        IsOurs = true,
        ServerDll = serverDll,
    };

    public string ServerDll { get; private init; } = Repository.ServerDll;

    /// <summary>Known not to serve every client: a greeting, too, may go to somebody else.</summary>
    public bool IsBroken { get; private init; }

    /// <summary>A rival that is given a directory.</summary>
    public bool Stores { get; private init; }

    public static Contestant? Find(string name) => Array.Find([Ours, Floor, SignalR, SignalREf, SignalREfTurns, SocketIo, Pool, Broadcast], known => known.Name == name);

    private static string SocketIoScript => Path.Combine(Repository.Root, "tests", "ChatBackend.Benchmarks", "Rivals", "socketio", "server.js");

    private static Contestant Rival(string name, string about, Func<IDialect> dialect, string rival) =>
        new(name, about, dialect, "dotnet", Path.Combine(AppContext.BaseDirectory, "ChatBackend.Benchmarks.dll"), "rival", rival);
}
