using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace ChatBackend.Demo;

/// <summary>Puts into words what a tool returned.</summary>
internal static class DemoAnswer
{
    public const string Help = """
        I am the demo agent. I am no language model: I know a few phrases and answer them with real tools. Try one of these:
        - What time is it in Tokyo?
        - What is (1 + 2) * 3^2?
        - Find whales (searches your own threads)
        """;

    public static string To(string question, DemoIntent intent, FunctionResultContent result)
    {
        var tool = intent.Tool;
        var json = JsonSerializer.SerializeToElement(result.Result, AIJsonUtilities.DefaultOptions);
        try
        {
            return tool switch
            {
                _ when json.ValueKind != JsonValueKind.Object => Failed(tool, ""),
                _ when json.TryGetProperty("error", out var error) => Failed(tool, error.ToString()),
                ClockTool.Name => Time(json),
                CalculatorTool.Name => $"{Text(json, "expression")} = {Text(json, "result")}",
                DemoIntent.SearchThreads => Hits(json, question),
                _ => Help,
            };
        }
        catch (Exception ex) when (ex is KeyNotFoundException or FormatException or InvalidOperationException)
        {
            return Failed(tool, ""); // a result read back from a log that another version wrote
        }
    }

    private static string Time(JsonElement json)
    {
        var time = DateTimeOffset.Parse(Text(json, "time"), CultureInfo.InvariantCulture);
        var (place, zone) = (Text(json, "place"), Text(json, "zone"));
        var where = zone == "UTC" ? "UTC" : $"{zone}, UTC{time:zzz}";
        return string.Create(CultureInfo.InvariantCulture, $"In {place} it is {time:HH:mm} on {time:dddd, d MMMM yyyy} ({where}).");
    }

    private static string Hits(JsonElement json, string question)
    {
        // The question itself holds the words and is in the log already.
        var others = json.GetProperty("hits").EnumerateArray().Where(hit => !IsOf(question, Text(hit, "text"))).ToList();
        var query = Text(json, "query");
        if (others.Count == 0)
        {
            return $"I found nothing in your threads for \"{query}\".";
        }

        var answer = new StringBuilder($"I found this in your threads for \"{query}\":");
        foreach (var hit in others)
        {
            answer.Append(CultureInfo.InvariantCulture, $"\n- {hit.GetProperty("at").GetDateTimeOffset():yyyy-MM-dd HH:mm} UTC: {Text(hit, "text")}");
        }

        return answer.ToString();
    }

    private static bool IsOf(string question, string excerpt) =>
        excerpt.Trim('…') is var text && (text.Length == excerpt.Length ? text == question : question.Contains(text, StringComparison.Ordinal));

    private static string Failed(string tool, string why) => why.Length > 0 ? $"The {tool} tool could not answer: {why}" : $"The {tool} tool could not answer.";

    private static string Text(JsonElement json, string member) => json.GetProperty(member).GetString() ?? "";
}
