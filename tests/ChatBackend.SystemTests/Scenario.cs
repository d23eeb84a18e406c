using System.Text.Json;

namespace ChatBackend.SystemTests;

/// <summary>What a message tells the <c>script</c> agent to do.</summary>
internal static class Scenario
{
    public const string Agent = "script";

    public static string Of(params object[] steps) => JsonSerializer.Serialize(new { steps });

    /// <param name="chunks">Into how many deltas the text is cut.</param>
    public static object Say(string text, int chunks = 1, int everyMs = 0) => new { say = text, chunks, every_ms = everyMs };

    public static object Think(string text, int chunks = 1, int everyMs = 0) => new { think = text, chunks, every_ms = everyMs };

    /// <param name="text">Stands in its arguments and in its result.</param>
    public static object Tool(string name, int ms = 0, bool fail = false, bool ignoreCancel = false, string text = "🌊", bool approval = false) =>
        new { tool = name, arguments = new { of = text }, result = new { found = text }, ms, fail, ignore_cancel = ignoreCancel, approval };

    public static object Wait(int ms, bool ignoreCancel = false) => new { wait_ms = ms, ignore_cancel = ignoreCancel };

    public static object Finish(string reason) => new { finish = reason };

    public static object Crash(string message) => new { crash = message };

    /// <summary>What a run that plays a message to its end says, thinks and calls; null when the message is not a scenario.</summary>
    public static (string Text, string Thought, int Tools)? Read(string content)
    {
        if (!content.StartsWith("{\"steps\":", StringComparison.Ordinal))
        {
            return null;
        }

        using var json = JsonDocument.Parse(content);
        var steps = json.RootElement.GetProperty("steps").EnumerateArray().ToList();
        string All(string kind) => string.Concat(steps.Select(step => step.TryGetProperty(kind, out var text) ? text.GetString() : ""));
        return (All("say"), All("think"), steps.Count(step => step.TryGetProperty("tool", out _)));
    }
}
