using System.Text.Json;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Endpoints;

/// <summary>One answer, from its chunks to contents.</summary>
internal abstract class StreamedAnswer
{
    /// <summary>How the endpoint said that it ended; null when it did not.</summary>
    public ChatFinishReason? Finish { get; protected set; }

    /// <summary>What the endpoint calls the model that answers; null when it did not say.</summary>
    public string? Model { get; protected set; }

    /// <summary>Whether anything of an answer has come.</summary>
    public bool IsAny { get; protected set; }

    /// <summary>Whether nothing is left to wait for: some keep the connection open.</summary>
    public virtual bool IsOver => false;

    /// <param name="chunk">Is there until the next one comes: what is kept of it is a copy.</param>
    /// <exception cref="ModelException">The chunk is an error, or too large.</exception>
    public abstract IEnumerable<AIContent> Add(JsonElement chunk);

    /// <summary>What was held back. No chunk comes after it.</summary>
    /// <param name="isDone">Whether the endpoint said that the answer is over, if not how.</param>
    public abstract IEnumerable<AIContent> End(bool isDone);

    protected static AIContent Refused(string text) => new ErrorContent(text) { ErrorCode = "Refusal" };

    /// <summary>What can be shown of a text once this piece has come.</summary>
    protected string Joined(TextJoiner text, string? piece)
    {
        var shown = text.Add(piece ?? "");
        IsAny |= shown.Length > 0;
        return shown;
    }
}
