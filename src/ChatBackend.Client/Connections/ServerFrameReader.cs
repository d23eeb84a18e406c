using System.Text.Json;
using ChatBackend.Protocol;

namespace ChatBackend.Client.Connections;

/// <summary>Reads what a server sent, a newer one's frames too.</summary>
internal static class ServerFrameReader
{
    /// <exception cref="JsonException">No frame of any version: not a JSON object with a type.</exception>
    public static ServerFrame Read(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            return WireJson.DecodeServerFrame(utf8.Span);
        }
        catch (JsonException ex)
        {
            return TryReadUnknown(utf8) ?? throw new JsonException("The server sent a message that is not a frame.", ex);
        }
    }

    private static ServerFrame? TryReadUnknown(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            return ReadUnknown(utf8);
        }
        catch (InvalidOperationException)
        {
            return null; // an escape that is half a surrogate pair
        }
    }

    private static ServerFrame? ReadUnknown(ReadOnlyMemory<byte> utf8)
    {
        using var document = JsonDocument.Parse(utf8);
        var json = document.RootElement.Clone(); // the document's memory belongs to a pool, and the bytes to the socket's buffer
        if (json.ValueKind != JsonValueKind.Object
            || !json.TryGetProperty("type"u8, out var type) || type.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        return json.TryGetProperty("seq"u8, out var seq) && seq.ValueKind == JsonValueKind.Number && seq.TryGetInt64(out var place)
            && json.TryGetProperty("thread_id"u8, out var thread) && thread.ValueKind == JsonValueKind.String
                ? new UnknownEvent(type.GetString()!, json) { ThreadId = new ThreadId(thread.GetString()!), Seq = place, At = TimeOf(json) }
                : new UnknownFrame(type.GetString()!, json);
    }

    private static DateTimeOffset TimeOf(JsonElement json) =>
        json.TryGetProperty("at"u8, out var at) && at.ValueKind == JsonValueKind.String && at.TryGetDateTimeOffset(out var time) ? time : default;
}
