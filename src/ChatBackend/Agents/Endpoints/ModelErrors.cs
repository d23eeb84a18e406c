using System.Globalization;
using System.Text.Json;

namespace ChatBackend.Agents.Endpoints;

/// <summary>Says what kind of error an endpoint means, whichever shape it gave it.</summary>
internal static class ModelErrors
{
    private static readonly string[] TooLong =
    [
        "context_length", "context length", "context size", "context window", "maximum context", "too many tokens", "prompt is too long", "input is too long",
        "reduce the length", "token limit", "max_model_len", "context limit", "maximum prompt length", "`inputs` tokens + `max_new_tokens`", "exceeds the maximum number of tokens",
    ];

    private static readonly string[] NoMoney = ["insufficient_quota", "insufficient_balance", "billing", "exceeded your current quota", "credit balance", "out of credits", "payment required"];
    private static readonly string[] Refused = ["content_filter", "content_policy", "content policy", "content management policy", "responsibleai", "safety system", "prohibited_content"];
    private static readonly string[] Busy = ["rate_limit", "rate limit", "ratelimit", "too many requests", "resource_exhausted", "queue is full"];
    private static readonly string[] Wrong = ["invalid_api_key", "invalid api key", "incorrect api key", "unauthorized", "authentication", "permission", "model_not_found", "model not found", "does not exist", "not_found_error"];

    // tool_use_failed: what the model wrote was no call; asked again, it writes another.
    private static readonly string[] Down = ["tool_use_failed", "overloaded", "unavailable", "server_error", "internal error", "timeout", "timed out", "bad gateway"];

    /// <summary>Whether it says that a request was too long.</summary>
    public static bool IsTooLong(string said) => TooLong.Any(word => said.Contains(word, StringComparison.OrdinalIgnoreCase));

    /// <summary>An error inside of an answer that began with status 200.</summary>
    public static ModelException InAnswer(JsonElement error)
    {
        var (message, code) = Read(error);
        var said = Excerpt.Of($"{code} {message}");
        return new ModelException(Classify(StatusIn(code), said, fallback: ModelErrorKind.Unavailable), $"The endpoint answered with an error: {said}");
    }

    /// <param name="body">The beginning of what came, or all of it.</param>
    /// <param name="hint">For the operator, what else was found.</param>
    public static ModelException OfResponse(HttpResponseMessage response, Uri asked, string body, string hint, DateTimeOffset now)
    {
        var status = (int)response.StatusCode;
        var what = Said(body);
        return new ModelException(
            Classify(status, what, ModelErrorKind.Rejected),
            $"{asked.GetLeftPart(UriPartial.Path)} answered {status} ({response.Content.Headers.ContentType?.MediaType ?? "no content type"}){hint}: {what}",
            RetryAfter.Of(response.Headers, now));
    }

    /// <summary>An answer with a status of success that is none of the API: a page of a portal, a proxy's sign-in.</summary>
    public static ModelException OfOtherContent(HttpResponseMessage response, ReadOnlySpan<byte> content) => new(
        ModelErrorKind.Misconfigured,
        $"{response.RequestMessage!.RequestUri!.GetLeftPart(UriPartial.Path)} answered {response.Content.Headers.ContentType?.MediaType ?? "no content type"}, not what a model says: {Excerpt.Of(content)}");

    /// <summary>What a client threw: its own words where it has some, else its type, since a text of it may hold anything.</summary>
    public static ModelException OfException(Exception thrown) => thrown switch
    {
        ModelException known => known,
        HttpRequestException { StatusCode: { } status } => new(Classify((int)status, "", ModelErrorKind.Unavailable), $"The endpoint answered {(int)status}: {thrown.Message}", inner: thrown),
        TimeoutException or OperationCanceledException => new(ModelErrorKind.Unavailable, "The endpoint was silent for too long.", inner: new TimeoutException(thrown.Message)),
        _ => new(ModelErrorKind.Unavailable, $"The answer could not be read: {thrown.GetType().Name}: {thrown.Message}", inner: thrown),
    };

    /// <summary>What an error's body says: its message where it has one, so that a request that is repeated in it stays out.</summary>
    public static string Said(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var (message, code) = Read(json.RootElement);
            return Excerpt.Of($"{code} {message}".Trim());
        }
        catch (JsonException)
        {
            return Excerpt.Of(body);
        }
    }

    private static ModelErrorKind Classify(int? status, string said, ModelErrorKind fallback)
    {
        bool Says(string[] words) => words.Any(word => said.Contains(word, StringComparison.OrdinalIgnoreCase));
        return status switch
        {
            _ when Says(NoMoney) => ModelErrorKind.Misconfigured,
            _ when IsTooLong(said) => ModelErrorKind.ContextTooLong,
            413 => ModelErrorKind.ContextTooLong,
            _ when Says(Refused) => ModelErrorKind.ContentRefused,
            429 => ModelErrorKind.RateLimited,
            402 => ModelErrorKind.Misconfigured,
            401 or 403 or 404 or 405 or 410 or (>= 300 and < 400) => ModelErrorKind.Misconfigured,
            0 or 408 or 409 or 425 or >= 500 => ModelErrorKind.Unavailable,
            _ when Says(Busy) => ModelErrorKind.RateLimited,
            _ when Says(Wrong) => ModelErrorKind.Misconfigured,
            _ when Says(Down) => ModelErrorKind.Unavailable,
            >= 400 => ModelErrorKind.Rejected,
            _ => fallback,
        };
    }

    private static int? StatusIn(string code) => int.TryParse(code, CultureInfo.InvariantCulture, out var status) && status is >= 400 and < 600 ? status : null;

    // {error: {message, code, type}} | {error: text} | {message, code} | {detail: text} | {detail: [{loc, msg, input}]} | {errors: [{message}]} | text
    private static (string Message, string Code) Read(JsonElement error)
    {
        if (error.ValueKind == JsonValueKind.String)
        {
            return (LooseJson.Text(error), "");
        }

        if ((error.Find("error") ?? error.Find("errors") ?? error.Find("detail")).Items().FirstOrDefault() is { ValueKind: JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.String } inner)
        {
            return Read(inner);
        }

        var message = error.FindText("message") ?? error.FindText("msg") ?? error.FindText("error_msg") ?? error.FindText("reason") ?? error.FindText("title") ?? "";
        var code = error.FindText("code") ?? error.FindText("type") ?? error.FindText("status") ?? "";
        return message.Length > 0 || code.Length > 0 ? (message, code) : (error.GetRawText(), "");
    }
}
