using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using static ChatBackend.Tests.Agents.ModelServer;

namespace ChatBackend.Tests.Agents;

/// <summary>What is asked, and the model that sums up where it is told to.</summary>
public sealed partial class ContextSummaryTests
{
    private static string Long => string.Concat(Enumerable.Repeat("and so it goes on; ", 40));

    private static string Question(int turn) => $"turn {turn} {Long}{(turn % 4 == 1 ? "tool" : "plain")}";

    private static string SummaryOf(int made) => $"SUMMARY {made}: they talked of turns.";

    private static string TextOf(JsonElement message) => message.GetProperty("content").GetString() ?? "";

    private static int ResultsOfLast(JsonElement asked) =>
        asked.GetProperty("messages").EnumerateArray().Reverse().TakeWhile(message => message.GetProperty("role").GetString() != "user").Count(message => message.GetProperty("role").GetString() == "tool");

    private static IEnumerable<int> QuestionsIn(string text) => Asked().Matches(text).Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));

    private static IEnumerable<int> SummariesIn(string text) => Made().Matches(text).Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));

    private Task AnswerAsync(HttpContext context, JsonElement asked)
    {
        var messages = asked.GetProperty("messages");
        if (!TextOf(messages[0]).StartsWith("You sum up", StringComparison.Ordinal))
        {
            return _model.AnswerAsync(context, asked);
        }

        messages.GetArrayLength().Should().Be(2);
        asked.TryGetProperty("tools", out _).Should().BeFalse();
        _toSumUp.Add(TextOf(messages[1]));
        return _answersSummary?.Invoke(context) ?? SendAsync(
            context, Text($" {SummaryOf(_toSumUp.Count - 1)} "), Chunk("{}", "\"stop\""), """{"choices":[],"usage":{"prompt_tokens":4000,"completion_tokens":77,"total_tokens":4077}}""", "[DONE]");
    }

    private static Task NoSummaryAsync(string how, HttpContext context) => how switch
    {
        "refused" => SendAsync(context, Chunk("""{"refusal":"I will not."}"""), Chunk("{}", "\"stop\""), "[DONE]"),
        "empty" => SendAsync(context, Text(" "), Chunk("{}", "\"stop\""), "[DONE]"),
        "cut" => SendAsync(context, Text("SUMMARY 1")),
        _ => RefuseAsync(context, 500, "application/json", """{"error":{"message":"SUMMARY 1"}}"""),
    };

    [GeneratedRegex(@"turn (\d+) ")]
    private static partial Regex Asked();

    [GeneratedRegex(@"SUMMARY (\d+)")]
    private static partial Regex Made();
}
