using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Runs.History;

namespace ChatBackend.Runs;

/// <summary>
/// What tools return, as it stands in events: as it is, or, where it is larger than an event may hold, its begin and its end, while the whole is stored beside the event.
/// A run stores so much and no more.
/// </summary>
internal sealed class ToolResults(RunOptions options)
{
    // A character of a text takes six bytes in JSON at most; what is left is for the note.
    private const int CharacterBytes = 8;
    private const int NoteBytes = 200;

    private readonly int _shown = (options.MaxToolBytes - NoteBytes) / CharacterBytes;
    private long _left = options.MaxStoredResultBytes;

    public ToolResult Of(object? returned)
    {
        var json = JsonSerializer.SerializeToElement(returned, ToolCallCheck.EventJson);
        var length = JsonMarshal.GetRawUtf8Value(json).Length;
        if (length <= options.MaxToolBytes)
        {
            return new ToolResult(ToolOutcome.Succeeded, json);
        }

        if (Interlocked.Add(ref _left, -length) < 0)
        {
            var left = Interlocked.Add(ref _left, length);
            return ToolResult.Failed(string.Create(
                CultureInfo.InvariantCulture, $"The result has {length} bytes; of larger ones than {options.MaxToolBytes} this run can take {Math.Max(left, 0)} bytes more. Ask for less."));
        }

        var text = json.ValueKind == JsonValueKind.String ? json.GetString()! : json.GetRawText();
        return new ToolResult(
            ToolOutcome.Succeeded, JsonSerializer.SerializeToElement(ShownResult.Shorten(text, _shown, "people can open the whole result"), ToolCallCheck.EventJson))
        {
            Whole = JsonMarshal.GetRawUtf8Value(json).ToArray(),
        };
    }
}

/// <summary>How a call ended.</summary>
/// <param name="Shown">What stands in the event, and is told to the model.</param>
internal sealed record ToolResult(ToolOutcome Outcome, JsonElement? Shown, string? Error = null)
{
    /// <summary>The JSON of which <see cref="Shown"/> is the begin and the end; null when that is all.</summary>
    public ReadOnlyMemory<byte>? Whole { get; init; }

    public static ToolResult Failed(string why) => new(ToolOutcome.Failed, null, why);
}
