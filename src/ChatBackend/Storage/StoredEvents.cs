using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using ChatBackend.Errors;
using ChatBackend.Protocol;

namespace ChatBackend.Storage;

/// <summary>What a thread's log holds cannot be read: an event is missing, no JSON, or of a type that only a later version knows.</summary>
internal sealed class UnreadableThreadException(ThreadId thread, long seq, string reason, Exception? inner = null)
    : Exception($"{thread} cannot be read at event {seq}: {reason}", inner), IReportedException
{
    public ThreadId Thread { get; } = thread;
}

/// <summary>The one way from what is stored to events: everything wrong with them is reported of the thread, by one exception.</summary>
internal static class StoredEvents
{
    private static readonly FrozenSet<string> KnownTypes = typeof(ServerFrame).GetCustomAttributes<JsonDerivedTypeAttribute>()
        .Where(known => known.DerivedType.IsAssignableTo(typeof(ThreadEvent)))
        .Select(known => (string)known.TypeDiscriminator!)
        .ToFrozenSet();

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Known = KnownTypes.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <exception cref="UnreadableThreadException"/>
    public static ThreadEvent Decode(this StoredEvent stored, ThreadId thread)
    {
        if (stored.Event is { } known)
        {
            return known;
        }

        try
        {
            return WireJson.DecodeServerFrame(stored.Json.Span) is ThreadEvent threadEvent && threadEvent.Seq == stored.Seq
                ? threadEvent
                : throw new UnreadableThreadException(thread, stored.Seq, "it is another frame or event.");
        }
        catch (Exception ex) when (ex is JsonException or NotSupportedException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new UnreadableThreadException(thread, stored.Seq, "it does not decode.", ex);
        }
    }

    /// <summary>The type stands first in what the server writes. Where few events of a thread matter, decoding all would be most of the work.</summary>
    public static bool IsOf(this StoredEvent stored, ReadOnlySpan<byte> type)
    {
        var prefix = "{\"type\":\""u8;
        var json = stored.Json.Span;
        return json.StartsWith(prefix) && json[prefix.Length..] is var rest && rest.StartsWith(type) && rest[type.Length..] is [(byte)'"', ..];
    }

    /// <summary>Whether <see cref="ActivePath"/> heeds it.</summary>
    public static bool ChangesPath(this StoredEvent stored) => stored.IsOf("thread_rewound"u8) || stored.IsOf("branch_selected"u8);

    /// <summary>A page of the log, that begins with the event after a place.</summary>
    /// <exception cref="UnreadableThreadException"/>
    public static List<ThreadEvent> DecodedAfter(this IReadOnlyList<StoredEvent> page, long seq, ThreadId thread)
    {
        var events = new List<ThreadEvent>(page.Count);
        foreach (var stored in page)
        {
            if (stored.Seq != ++seq)
            {
                throw new UnreadableThreadException(thread, seq, "it is missing.");
            }

            events.Add(stored.Decode(thread));
        }

        return events;
    }

    /// <summary>For what goes on as it is stored: JSON of a known type, one event after the other without a gap.</summary>
    /// <exception cref="UnreadableThreadException"/>
    public static void ThrowIfUnreadable(this IReadOnlyList<StoredEvent> events, ThreadId thread)
    {
        for (var i = 0; i < events.Count; i++)
        {
            var (seq, json) = events[i];
            if (i > 0 && seq != events[i - 1].Seq + 1)
            {
                throw new UnreadableThreadException(thread, events[i - 1].Seq + 1, "it is missing.");
            }

            if (!IsEvent(json.Span))
            {
                throw new UnreadableThreadException(thread, seq, "it is not JSON, or of a type that this version does not know.");
            }
        }
    }

    private static bool IsEvent(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = ChatProtocol.MaxDepth });
            var isKnown = false;
            while (reader.Read())
            {
                if (reader is { TokenType: JsonTokenType.PropertyName, CurrentDepth: 1 } && reader.ValueTextEquals("type"u8))
                {
                    reader.Read();
                    isKnown = reader.TokenType == JsonTokenType.String && IsKnown(ref reader);
                }
            }

            return isKnown;
        }
        catch (Exception ex) when (ex is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static bool IsKnown(ref Utf8JsonReader reader)
    {
        Span<char> type = stackalloc char[64];
        return reader.ValueSpan.Length <= type.Length && Known.Contains(type[..reader.CopyString(type)]);
    }
}
