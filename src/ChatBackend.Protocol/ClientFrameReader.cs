using System.Text.Json;

namespace ChatBackend.Protocol;

/// <summary>What a message of a client turned out to be: a frame, or the error to answer with.</summary>
public readonly record struct ClientFrameResult(ClientFrame? Frame, Error? Error);

/// <summary>Reads what a client sent. Never throws for what a client may send.</summary>
public static class ClientFrameReader
{
    private const int LongestMember = 32;

    private static readonly JsonDocumentOptions Strict = new()
    {
        MaxDepth = ChatProtocol.MaxDepth,
        AllowDuplicateProperties = false,
    };

    /// <param name="utf8">One whole text message.</param>
    public static ClientFrameResult Read(ReadOnlyMemory<byte> utf8)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(utf8, Strict);
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException) // the latter: a name that is half a surrogate pair
        {
            return IsJson(utf8.Span)
                ? Refuse(ErrorCode.InvalidFrame, $"A frame repeats no member and nests at most {ChatProtocol.MaxDepth} deep.", FindId(utf8.Span))
                : Refuse(ErrorCode.InvalidJson, "That is not JSON.", null);
        }

        using (document)
        {
            return Read(document.RootElement);
        }
    }

    private static ClientFrameResult Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return Refuse(ErrorCode.InvalidFrame, "A frame is a JSON object.", null);
        }

        ClientFrameId? id = null;
        if (root.TryGetProperty("id"u8, out var idElement))
        {
            id = IdOf(idElement);
            if (id is null)
            {
                return Refuse(ErrorCode.InvalidFrame, "id is 1 to 64 of A-Z, a-z, 0-9, _ and -.", null);
            }
        }

        if (!root.TryGetProperty("type"u8, out var typeElement) || TextOf(typeElement) is not { Length: > 0 } type)
        {
            return Refuse(ErrorCode.InvalidFrame, "A frame has a type, a string.", id);
        }

        if (!WireJson.ClientTypes.TryGetValue(type, out var known))
        {
            return Refuse(ErrorCode.UnknownType, "Clients may send chat, follow, unfollow, stop, decide, select_branch, feedback, follow_threads, unfollow_threads, mark_read, authenticate and ping.", id);
        }

        try
        {
            return new ClientFrameResult((ClientFrame)root.Deserialize(known)!, null);
        }
        catch (JsonException wrong)
        {
            return Refuse(ErrorCode.InvalidFrame, Explain(wrong), id);
        }
    }

    /// <summary>Names the member, never its value: the text may end up in a log. A name that is none of the protocol's is the client's own text, and not repeated either.</summary>
    private static string Explain(JsonException wrong)
    {
        var member = wrong.Path is null ? "" : wrong.Path[(wrong.Path.LastIndexOf('.') + 1)..];
        return member.Length is > 0 and <= LongestMember && member.All(letter => char.IsAsciiLetterLower(letter) || letter == '_')
            ? $"The member {member} is missing, empty or of the wrong type."
            : "A member is missing or of the wrong type.";
    }

    private static ClientFrameId? IdOf(JsonElement element) =>
        TextOf(element) is { } text && ClientFrameId.IsWellFormed(text) ? new ClientFrameId(text) : null;

    private static string? TextOf(JsonElement element)
    {
        try
        {
            return element.ValueKind == JsonValueKind.String ? element.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // an escape that is half a surrogate pair
        }
    }

    private static bool IsJson(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = int.MaxValue });
        try
        {
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>The id of an object that is JSON but breaks a rule of frames; none if it stands there twice.</summary>
    private static ClientFrameId? FindId(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = int.MaxValue });
        ClientFrameId? found = null;
        var count = 0;
        while (reader.Read())
        {
            if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName
                || reader.ValueIsEscaped || !reader.ValueTextEquals("id"u8))
            {
                continue;
            }

            count++;
            reader.Read();
            if (reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped
                && System.Text.Encoding.UTF8.GetString(reader.ValueSpan) is var text && ClientFrameId.IsWellFormed(text))
            {
                found = new ClientFrameId(text);
            }
        }

        return count == 1 ? found : null;
    }

    private static ClientFrameResult Refuse(ErrorCode code, string message, ClientFrameId? id) =>
        new(null, new Error { Code = code, Message = message, Id = id });
}
