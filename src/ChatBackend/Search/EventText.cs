using System.Text;
using System.Text.Json;

namespace ChatBackend.Search;

/// <summary>What of an event is searched: messages, what agents said to people, and the names that people gave threads.</summary>
internal static class EventText
{
    // The type stands first in what the server writes.
    private static readonly Searched[] Types =
    [
        new("user_message", "content"),
        new("agent_part", "text", ("kind", "text")),
        new("agent_completed", "content"),
        new("agent_stopped", "content"),
        new("agent_failed", "content"),
        new("thread_renamed", "title", ("by", "user")),
    ];

    /// <summary>Every event passes here, and most hold no text: only what is needed of one is read.</summary>
    /// <returns>Null when there is nothing to search.</returns>
    /// <exception cref="JsonException">The bytes are not an event.</exception>
    public static string? Of(ReadOnlySpan<byte> json)
    {
        foreach (var type in Types)
        {
            if (json.StartsWith(type.Begin))
            {
                return type.TextIn(json);
            }
        }

        return null;
    }

    /// <param name="Text">The member that holds the text.</param>
    /// <param name="Only">What another member has to say; null when nothing.</param>
    private sealed record Searched(string Type, string Text, (string Member, string Value)? Only = null)
    {
        public byte[] Begin { get; } = Encoding.UTF8.GetBytes($"{{\"type\":\"{Type}\"");

        public string? TextIn(ReadOnlySpan<byte> json)
        {
            string? text = null;
            var isSearched = true;
            var reader = new Utf8JsonReader(json);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals(Text))
                {
                    text = Value(ref reader) ? reader.GetString() : null;
                }
                else if (reader.ValueTextEquals("parent_run_id"u8))
                {
                    isSearched &= !Value(ref reader); // what a nested run said was said to an agent
                }
                else if (Only is { } only && reader.ValueTextEquals(only.Member))
                {
                    isSearched &= Value(ref reader) && reader.ValueTextEquals(only.Value);
                }
                else
                {
                    reader.Skip();
                }
            }

            return isSearched ? text : null;
        }

        /// <returns>False for null.</returns>
        private static bool Value(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType switch
        {
            JsonTokenType.String => true,
            JsonTokenType.Null => false,
            _ => throw new JsonException("It is not a text."),
        };
    }
}
