using System.Globalization;
using System.Text.Json;
using ChatBackend.Errors;
using ChatBackend.Protocol;
using ChatBackend.Threads.Titles;
using Microsoft.AspNetCore.Http;

namespace ChatBackend.Rest;

/// <summary>Reads what requests carry. What cannot be taken is said by its name, never by its value.</summary>
internal static class RestInput
{
    private const int MaxTitle = 200;
    private const int MaxBody = 64 * 1024;

    /// <exception cref="ProtocolException">No thread has such an id.</exception>
    public static ThreadId Thread(string text) => ThreadId.IsWellFormed(text) ? ThreadId.From(text) : throw ProtocolException.NotFound();

    public static int Limit(string? text, int standard, int max) => text is null
        ? standard
        : int.TryParse(text, NumberStyles.None, null, out var limit) && limit >= 1 && limit <= max
            ? limit
            : throw RestException.Invalid($"limit is a number from 1 to {max}.");

    public static long Cursor(string? text, string name) => text is null
        ? 0
        : long.TryParse(text, NumberStyles.None, null, out var cursor)
            ? cursor
            : throw RestException.Invalid($"{name} is an integer of at least 0.");

    public static DateTimeOffset? Time(string? text, string name) => text is null
        ? null
        : DateTimeOffset.TryParseExact(text, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw RestException.Invalid($"{name} is a time in UTC, as events have it.");

    public static bool? Flag(string? text, string name) => text switch
    {
        null => null,
        "true" => true,
        "false" => false,
        _ => throw RestException.Invalid($"{name} is true or false."),
    };

    /// <summary>The request's JSON object; null when it has no body.</summary>
    public static async Task<JsonElement?> BodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var bytes = await BytesAsync(request, cancellationToken);
        if (bytes.Length == 0)
        {
            return null;
        }

        if (!request.HasJsonContentType())
        {
            throw new RestException(StatusCodes.Status415UnsupportedMediaType, "The body must be JSON, with Content-Type: application/json.");
        }

        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = ChatProtocol.MaxDepth, AllowDuplicateProperties = false });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw RestException.Invalid("The body is a JSON object.");
        }
        catch (JsonException)
        {
            throw RestException.Invalid("The body is not JSON, nests too deep or repeats a member.");
        }
    }

    /// <summary>Null when it is absent; absent means absent, never null.</summary>
    public static string? Title(JsonElement? body)
    {
        if (body?.TryGetProperty("title", out var member) is not true)
        {
            return null;
        }

        try
        {
            if (member.ValueKind == JsonValueKind.String && TitleText.Clean(member.GetString()!) is { Length: > 0 and <= MaxTitle } title)
            {
                return title;
            }
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair is not text.
        }

        throw RestException.Invalid($"title is a text of 1 to {MaxTitle} characters, of which some can be seen.");
    }

    public static bool? Archived(JsonElement? body) => body?.TryGetProperty("archived", out var member) is not true
        ? null
        : member.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw RestException.Invalid("archived is true or false."),
        };

    private static async Task<ReadOnlyMemory<byte>> BytesAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var bytes = new byte[4096];
        var length = 0;
        while (await request.Body.ReadAsync(bytes.AsMemory(length), cancellationToken) is > 0 and var read)
        {
            length += read;
            if (length > MaxBody)
            {
                throw new RestException(StatusCodes.Status413PayloadTooLarge, $"A body has at most {MaxBody} bytes.");
            }

            if (length == bytes.Length)
            {
                Array.Resize(ref bytes, bytes.Length * 4);
            }
        }

        return bytes.AsMemory(0, length);
    }
}
