using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using static ChatBackend.Tests.Agents.ModelServer;

namespace ChatBackend.Tests.Agents;

/// <summary>A strict model with a small context window, which counts tokens in its own way and refuses what has more.</summary>
/// <param name="refusal">The body of its error; <c>LIMIT</c> and <c>ASKED</c> stand for the numbers.</param>
/// <param name="answer">What it answers; else as a <see cref="StrictModel"/>.</param>
internal sealed partial class SmallModel(int limit, string refusal = SmallModel.OpenAI, Func<HttpContext, JsonElement, Task>? answer = null)
{
    public const string OpenAI = """{"error":{"message":"This model's maximum context length is LIMIT tokens. However, your messages resulted in ASKED tokens. Please reduce the length of the messages.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}""";

    private readonly StrictModel _manners = new("mistral") { TakesForeign = true };
    private string _prefix = "[";

    /// <summary>Whether it says what it counted.</summary>
    public bool Counts { get; init; } = true;

    /// <summary>What it was asked, without what it refused.</summary>
    public List<JsonElement[]> Asked { get; } = [];

    /// <summary>The tokens of what it refused for its length.</summary>
    public List<int> TooLong { get; } = [];

    /// <summary>What it refused since it was not whole.</summary>
    public IReadOnlyList<string> Wrong => _manners.Refused;

    /// <summary>Which of what it was asked did not begin with all that it was asked before.</summary>
    public List<int> OtherBeginnings { get; } = [];

    public async Task AnswerAsync(HttpContext context, JsonElement asked)
    {
        var messages = asked.GetProperty("messages");
        var tokens = CountIn(messages) + (asked.TryGetProperty("tools", out var tools) ? CountIn(tools) : 0);
        if (tokens > limit)
        {
            TooLong.Add(tokens);
            context.Response.StatusCode = 400;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(refusal.Replace("LIMIT", $"{limit}", StringComparison.Ordinal).Replace("ASKED", $"{tokens}", StringComparison.Ordinal), context.RequestAborted);
            return;
        }

        Asked.Add([.. messages.EnumerateArray()]);
        var raw = messages.GetRawText();
        if (!raw.StartsWith(_prefix, StringComparison.Ordinal))
        {
            OtherBeginnings.Add(Asked.Count - 1);
        }

        _prefix = raw[..^"\"}]".Length];
        if (Counts)
        {
            await SendAsync(context, $$$"""{"choices":[],"usage":{"prompt_tokens":{{{tokens}}},"completion_tokens":1,"total_tokens":{{{tokens + 1}}}}}""");
        }

        await (answer ?? _manners.AnswerAsync)(context, asked);
    }

    private static int CountIn(JsonElement json) => Piece().Count(json.GetRawText());

    [GeneratedRegex(@"[A-Za-z]{1,3}|\d|[^A-Za-z\d\s]")]
    private static partial Regex Piece();
}
