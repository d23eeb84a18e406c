using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Rest;

// Names of two words are written out: the OpenAPI document takes them from here, not from the context below.

/// <param name="UpdatedAt">When its last event happened.</param>
/// <param name="Head">The <c>seq</c> of its last event; 0 before the first.</param>
/// <param name="Running">Whether a run is open or a message waits for one.</param>
/// <param name="NeedsApproval">Whether a tool call waits for the user's decision.</param>
/// <param name="Unread">Whether an answer or a request for approval came that the user has not read, on any device.</param>
/// <param name="Agent">The agent of its last message; absent before the first.</param>
/// <param name="HistoryBeginsAt">The <c>seq</c> of the first event that is still there.</param>
internal sealed record ThreadView(
    [property: JsonPropertyName("thread_id")] string ThreadId,
    string? Title,
    bool Archived,
    [property: JsonPropertyName("created_at")] string CreatedAt,
    [property: JsonPropertyName("updated_at")] string UpdatedAt,
    long Head,
    bool Running,
    [property: JsonPropertyName("needs_approval")] bool NeedsApproval,
    bool Unread,
    string? Agent,
    [property: JsonPropertyName("history_begins_at")] long HistoryBeginsAt)
{
    public static ThreadView Of(ThreadRecord thread) => new(
        thread.Thread.Value, thread.Title, thread.IsArchived, RestTime.Of(thread.CreatedAt), RestTime.Of(thread.UpdatedAt), thread.Head,
        thread.IsOpen, thread.NeedsApproval, thread.IsUnread, thread.Agent, thread.HistoryBegins);
}

/// <param name="Threads">Without a query: the user's threads, newest activity first.</param>
/// <param name="Hits">With a query: what was found, of the newest the best first.</param>
/// <param name="NextCursor">Absent on the last page.</param>
internal sealed record ThreadListView(
    IReadOnlyList<ThreadView>? Threads, IReadOnlyList<HitView>? Hits, [property: JsonPropertyName("next_cursor")] string? NextCursor);

/// <param name="Excerpt">A part of the text around what was found; an ellipsis stands where it was cut.</param>
/// <param name="Highlights">Where in the excerpt the words stand, in order.</param>
internal sealed record HitView(
    [property: JsonPropertyName("thread_id")] string ThreadId, string? Title, long Seq, string At, string Excerpt, IReadOnlyList<HighlightView> Highlights)
{
    public static HitView Of(FoundText hit) => new(
        hit.Thread.Value, hit.Title, hit.Seq, RestTime.Of(hit.At), hit.Excerpt.Text,
        [.. hit.Excerpt.Highlights.Select(highlight => new HighlightView(highlight.Start, highlight.Length))]);
}

/// <param name="Start">In UTF-16 code units of the excerpt.</param>
/// <param name="Length">In UTF-16 code units.</param>
internal sealed record HighlightView(int Start, int Length);

/// <param name="Events">Exactly as on the wire.</param>
/// <param name="NextAfterSeq">Absent when there was no further event.</param>
/// <param name="LogId">As in <c>connection_established</c>.</param>
internal sealed record EventPageView(
    IReadOnlyList<JsonElement> Events, [property: JsonPropertyName("next_after_seq")] long? NextAfterSeq, [property: JsonPropertyName("log_id")] string LogId);

/// <param name="Agents">Those a <c>chat</c> may name; the first is the default.</param>
internal sealed record AgentListView(IReadOnlyList<AgentView> Agents);

/// <param name="Description">For people who choose an agent.</param>
/// <param name="Suggestions">First messages to offer in an empty thread.</param>
internal sealed record AgentView(string Name, string? Description, IReadOnlyList<string>? Suggestions)
{
    public static AgentView Of(string name, IEnumerable<AgentDetails>? details)
    {
        var known = details?.FirstOrDefault(of => of.Agent == name);
        return new(name, known?.Description, known?.Suggestions);
    }
}

internal sealed record TicketView(string Ticket, [property: JsonPropertyName("expires_at")] string ExpiresAt);

internal static class RestTime
{
    /// <summary>As times are on the wire.</summary>
    public static string Of(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ThreadView))]
[JsonSerializable(typeof(ThreadListView))]
[JsonSerializable(typeof(AgentListView))]
[JsonSerializable(typeof(TicketView))]
internal sealed partial class RestJson : JsonSerializerContext;
