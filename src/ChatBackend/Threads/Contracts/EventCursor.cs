using System.Text.Json;
using ChatBackend.Errors;
using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Threads.Contracts;

/// <summary>The last event that a reader of a thread has: its place, and, where the reader says it, its time, which tells it from the event that has this place in another history.</summary>
internal readonly record struct EventCursor(long Seq, DateTimeOffset? At = null)
{
    /// <param name="json">The event that has this place, as on the wire.</param>
    public bool Names(ReadOnlySpan<byte> json) => At is not { } at || WireTime.AreEqual(at, TimeOf(json));

    /// <summary>Sees to it that a reader can go on from here: this is an event of the thread, or its beginning, and what comes after it is there.</summary>
    /// <remarks>One indexed read, of the event itself, and only when the reader said its time.</remarks>
    /// <exception cref="ProtocolException">It is an event of another history, or the history that is kept begins later.</exception>
    /// <exception cref="UnreadableThreadException"/>
    public async Task RequireAsync(ThreadRecord thread, IEventLog log, CancellationToken cancellationToken)
    {
        if (Seq > thread.Head)
        {
            throw ProtocolException.StaleCursor(thread.HistoryBegins);
        }

        var names = At is not null && Seq > 0;
        if (Seq < thread.HistoryBegins - 1 || (names && Seq < thread.HistoryBegins))
        {
            throw ProtocolException.HistoryExpired(thread.HistoryBegins); // it cannot be told whether an event that is gone was of this history
        }

        if (names)
        {
            var found = await log.ReadAsync(thread.Thread, Seq - 1, maxEvents: 1, maxBytes: 1, cancellationToken);
            found.ThrowIfUnreadable(thread.Thread);
            if (found.Count == 0 || found[0].Seq != Seq || !Names(found[0].Json.Span))
            {
                throw ProtocolException.StaleCursor(thread.HistoryBegins);
            }
        }
    }

    private static DateTimeOffset TimeOf(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isTime = reader.ValueTextEquals("at"u8);
            reader.Read();
            if (isTime)
            {
                return reader.GetDateTimeOffset();
            }

            reader.Skip();
        }

        throw new JsonException("An event without a time.");
    }
}
