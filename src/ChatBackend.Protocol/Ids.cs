using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace ChatBackend.Protocol;

/// <summary>One socket, from its upgrade to its close.</summary>
[JsonConverter(typeof(WireIdConverter<ConnectionId>))]
public readonly record struct ConnectionId(string Value) : IWireId<ConnectionId>
{
    // Every frame looks its connection up: the hash is made once, and no lookup reads the text from memory that has not been touched for long.
    private readonly int _hash = Value.GetHashCode(StringComparison.Ordinal);

    public string Value { get; } = Value;

    public bool Equals(ConnectionId other) => Value == other.Value;

    public override int GetHashCode() => _hash;

    public static ConnectionId New() => new(WireId.New("con_"));

    public static ConnectionId From(string value) => new(value);

    public static bool IsWellFormed(string value) => value.Length is > 0 and <= 128;

    public override string ToString() => Value;
}

/// <summary>A conversation: an append-only log of events, owned by one user.</summary>
[JsonConverter(typeof(WireIdConverter<ThreadId>))]
public readonly record struct ThreadId(string Value) : IWireId<ThreadId>
{
    public static ThreadId New() => new(WireId.New("thr_"));

    public static ThreadId From(string value) => new(value);

    /// <summary>Reads an id from a path or a query.</summary>
    /// <returns>Whether it is a well-formed id.</returns>
    public static bool TryParse([NotNullWhen(true)] string? value, out ThreadId id)
    {
        var isId = value is not null && IsWellFormed(value);
        id = isId ? From(value!) : default;
        return isId;
    }

    public static bool IsWellFormed(string value) => value.Length is > 0 and <= 128;

    public override string ToString() => Value;
}

/// <summary>One answer of an agent, from <c>agent_started</c> to its one terminal event.</summary>
[JsonConverter(typeof(WireIdConverter<RunId>))]
public readonly record struct RunId(string Value) : IWireId<RunId>
{
    public static RunId New() => new(WireId.New("run_"));

    public static RunId From(string value) => new(value);

    public static bool IsWellFormed(string value) => value.Length is > 0 and <= 128;

    public override string ToString() => Value;
}

/// <summary>A message of the user or the agent's answer to it.</summary>
[JsonConverter(typeof(WireIdConverter<MessageId>))]
public readonly record struct MessageId(string Value) : IWireId<MessageId>
{
    public static MessageId New() => new(WireId.New("msg_"));

    public static MessageId From(string value) => new(value);

    public static bool IsWellFormed(string value) => value.Length is > 0 and <= 128;

    public override string ToString() => Value;
}

/// <summary>One call of a tool within a run.</summary>
[JsonConverter(typeof(WireIdConverter<CallId>))]
public readonly record struct CallId(string Value) : IWireId<CallId>
{
    public static CallId New() => new(WireId.New("call_"));

    public static CallId From(string value) => new(value);

    public static bool IsWellFormed(string value) => value.Length is > 0 and <= 128;

    public override string ToString() => Value;
}

/// <summary>One stretch of text or of thinking between two tools of a run.</summary>
[JsonConverter(typeof(WireIdConverter<PartId>))]
public readonly record struct PartId(string Value) : IWireId<PartId>
{
    public static PartId New() => new(WireId.New("part_"));

    public static PartId From(string value) => new(value);

    public static bool IsWellFormed(string value) => value.Length is > 0 and <= 128;

    public override string ToString() => Value;
}

/// <summary>A person, guests included. Never read from a frame.</summary>
[JsonConverter(typeof(WireIdConverter<UserId>))]
public readonly record struct UserId(string Value) : IWireId<UserId>
{
    public static UserId New() => new(WireId.New("usr_"));

    public static UserId From(string value) => new(value);

    public static bool IsWellFormed(string value) => value.Length is > 0 and <= 128;

    public override string ToString() => Value;
}

/// <summary>The client's own id of a frame: 1 to 64 of <c>A-Za-z0-9_-</c>. Unique per user for what has an effect.</summary>
[JsonConverter(typeof(WireIdConverter<ClientFrameId>))]
public readonly record struct ClientFrameId(string Value) : IWireId<ClientFrameId>
{
    public static ClientFrameId New() => new(WireId.New("c_"));

    public static ClientFrameId From(string value) => new(value);

    public static bool IsWellFormed(string value) =>
        value.Length is > 0 and <= 64 && !value.AsSpan().ContainsAnyExcept(Allowed);

    public override string ToString() => Value;

    private static readonly System.Buffers.SearchValues<char> Allowed =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
}
