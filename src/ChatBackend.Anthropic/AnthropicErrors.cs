using System.Text.Json;
using Anthropic.Exceptions;
using ChatBackend.Agents;

namespace ChatBackend.Anthropic;

/// <summary>What an error of the API means. The API names its kinds; the kind counts, and the status where there is none.</summary>
internal static class AnthropicErrors
{
    /// <returns>Null for what is no failure of the API.</returns>
    public static ModelException? Of(Exception thrown) => thrown switch
    {
        ModelException known => known,
        AnthropicSseException stream => InStream(stream.Message),
        AnthropicException { InnerException: { } inner } when Of(inner) is { } known => known,
        AnthropicException or HttpRequestException or IOException or JsonException or InvalidOperationException or KeyNotFoundException =>
            new ModelException(ModelErrorKind.Unavailable, $"The answer could not be read: {thrown.GetType().Name}: {thrown.Message}", inner: thrown),
        _ => null,
    };

    public static ModelException OfResponse(int status, Uri asked, string body, TimeSpan? retryAfter)
    {
        var (type, message) = Read(body);
        return new ModelException(KindOf(type, message, status), $"{asked.GetLeftPart(UriPartial.Path)} answered {status}: {type} {message}", retryAfter);
    }

    // SSE error returned from server: '{"type":"error","error":{…}}'
    private static ModelException InStream(string said)
    {
        var begin = said.IndexOf('{', StringComparison.Ordinal);
        var (type, message) = Read(begin >= 0 ? said[begin..(said.LastIndexOf('}') + 1)] : said);
        return new ModelException(KindOf(type, message, status: 0), $"The endpoint answered with an error: {type} {message}");
    }

    private static (string Type, string Message) Read(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var error = json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("error", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : json.RootElement;
            return (TextOf(error, "type"), TextOf(error, "message"));
        }
        catch (JsonException)
        {
            return ("", body);
        }
    }

    private static string TextOf(JsonElement error, string name) =>
        error.ValueKind == JsonValueKind.Object && error.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static ModelErrorKind KindOf(string type, string message, int status) => (type, status) switch
    {
        _ when Says(message, "prompt is too long", "exceed context limit", "context window") => ModelErrorKind.ContextTooLong,
        _ when Says(message, "credit balance") => ModelErrorKind.Misconfigured,
        ("request_too_large", _) or (_, 413) => ModelErrorKind.ContextTooLong,
        ("rate_limit_error", _) or (_, 429) => ModelErrorKind.RateLimited,
        ("overloaded_error" or "api_error" or "timeout_error", _) => ModelErrorKind.Unavailable,
        ("authentication_error" or "permission_error" or "not_found_error" or "billing_error", _) or (_, 401 or 402 or 403 or 404 or 405) => ModelErrorKind.Misconfigured,
        (_, >= 300 and < 400) => ModelErrorKind.Misconfigured,
        ("invalid_request_error", _) or (_, >= 400 and < 500) => ModelErrorKind.Rejected,
        _ => ModelErrorKind.Unavailable,
    };

    private static bool Says(string message, params string[] words) => words.Any(word => message.Contains(word, StringComparison.OrdinalIgnoreCase));
}
