using System.Text.Json;

namespace ChatBackend.Agents.Script;

/// <summary>One step of a scenario. The members' names in JSON stand in quotes.</summary>
internal abstract record ScriptStep
{
    private ScriptStep()
    {
    }

    /// <summary>"say" or "think": the text, in "chunks" pieces (1), with "every_ms" (0) between them.</summary>
    public sealed record Speech(string Text, bool IsThought, int Chunks, TimeSpan Every) : ScriptStep;

    /// <summary>
    /// "tool": calls the tool of that name with "arguments" ({}). It takes "ms" (0), also when cancelled if "ignore_cancel" (false),
    /// and returns "result" ("ok"), any JSON value. With "fail" (false) it throws, saying "result" if that is given as a string.
    /// With "approval" (false) the call needs a person's consent.
    /// </summary>
    public sealed record ToolCall(
        string Tool, IReadOnlyDictionary<string, JsonElement> Arguments, JsonElement? Result,
        TimeSpan Time, bool IgnoreCancel, bool Fail, bool Approval) : ScriptStep;

    /// <summary>"wait_ms": the model is silent for so long, also when cancelled if "ignore_cancel" (false).</summary>
    public sealed record Wait(TimeSpan Time, bool IgnoreCancel) : ScriptStep;

    /// <summary>"finish": the model's answer ends here, for that reason.</summary>
    public sealed record Finish(string Reason) : ScriptStep;

    /// <summary>"crash": the model throws with this message.</summary>
    public sealed record Crash(string Message) : ScriptStep;
}
