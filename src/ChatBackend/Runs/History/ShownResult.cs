using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs.History;

/// <summary>A tool's result, of which a model is shown the begin, which says most, and the end, with a note for it between them.</summary>
internal static class ShownResult
{
    /// <summary>Characters of a result of an exchange that was over when a context window was full.</summary>
    public const int OfEarlier = 1000;

    private const int Note = 150; // characters, rather more than it has

    /// <param name="shown">Characters beside the note; fewer than the text has.</param>
    /// <param name="why">Ends the note.</param>
    public static string Shorten(string text, int shown, string why)
    {
        var begin = shown / 4 * 3;
        var end = text.Length - (shown - begin);
        begin -= char.IsHighSurrogate(text[begin - 1]) ? 1 : 0;
        end += char.IsLowSurrogate(text[end]) ? 1 : 0;
        return string.Create(
            CultureInfo.InvariantCulture, $"{text.AsSpan(0, begin)}\n[… {end - begin} of {text.Length} characters are left out here; {why} …]\n{text.AsSpan(end)}");
    }

    /// <summary>With results of so many characters at most. One that is that short already stays the same object, and so does a message without any.</summary>
    public static ChatMessage AtMost(int most, ChatMessage message, ICollection<FunctionResultContent>? shortened = null)
    {
        if (message.Role != ChatRole.Tool || !message.Contents.Any(content => TextBeyond(most, content) is not null))
        {
            return message;
        }

        return new ChatMessage(message.Role, [.. message.Contents.Select(content =>
        {
            if (TextBeyond(most, content) is not { } text)
            {
                return content;
            }

            var result = (FunctionResultContent)content;
            shortened?.Add(result);
            return new FunctionResultContent(result.CallId, JsonSerializer.SerializeToElement(Shorten(text, most - Note, "there was no room for them, so ask for less at once"), ToolCallCheck.EventJson));
        })]);
    }

    /// <summary>A result's text where it has more characters than that; else null.</summary>
    private static string? TextBeyond(int most, AIContent content)
    {
        if (content is not FunctionResultContent { Result: JsonElement result } || JsonMarshal.GetRawUtf8Value(result).Length <= most)
        {
            return null;
        }

        var text = result.ValueKind == JsonValueKind.String ? result.GetString()! : result.GetRawText();
        return text.Length > most ? text : null;
    }
}
