using System.Buffers.Text;
using System.Text;

namespace ChatBackend.Benchmarks.Load;

internal enum EventKind
{
    Other,
    ConnectionEstablished,
    Ack,
    CaughtUp,
    Error,
    UserMessage,
    AgentStarted,
    AgentDelta,
    AgentCompleted,
    AgentFailed,
    ThreadRenamed,
}

/// <summary>
/// Reads what a load runner must know of an event without parsing all of it. Right for what the benchmark makes the servers send: texts of letters and digits,
/// which JSON does not escape.
/// </summary>
internal static class EventJson
{
    public static EventKind Kind(ReadOnlySpan<byte> json) => Text(json, "\"type\":\""u8) switch
    {
        var type when type.SequenceEqual("agent_delta"u8) => EventKind.AgentDelta,
        var type when type.SequenceEqual("ack"u8) => EventKind.Ack,
        var type when type.SequenceEqual("user_message"u8) => EventKind.UserMessage,
        var type when type.SequenceEqual("agent_started"u8) => EventKind.AgentStarted,
        var type when type.SequenceEqual("agent_completed"u8) => EventKind.AgentCompleted,
        var type when type.SequenceEqual("caught_up"u8) => EventKind.CaughtUp,
        var type when type.SequenceEqual("connection_established"u8) => EventKind.ConnectionEstablished,
        var type when type.SequenceEqual("error"u8) => EventKind.Error,
        var type when type.SequenceEqual("agent_failed"u8) => EventKind.AgentFailed,
        var type when type.SequenceEqual("thread_renamed"u8) => EventKind.ThreadRenamed,
        _ => EventKind.Other,
    };

    /// <param name="member">With its quotes, colon and the value's opening quote.</param>
    public static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> json, ReadOnlySpan<byte> member)
    {
        var at = json.IndexOf(member);
        if (at < 0)
        {
            return default;
        }

        var value = json[(at + member.Length)..];
        return value[..Math.Max(value.IndexOf((byte)'"'), 0)];
    }

    /// <param name="member">With its quotes and colon.</param>
    public static long Number(ReadOnlySpan<byte> json, ReadOnlySpan<byte> member)
    {
        var at = json.IndexOf(member);
        return at >= 0 && Utf8Parser.TryParse(json[(at + member.Length)..], out long number, out _)
            ? number
            : throw new FormatException($"No number {Encoding.UTF8.GetString(member)} in an event.");
    }

    public static string ThreadOf(ReadOnlySpan<byte> json) => Encoding.UTF8.GetString(Text(json, "\"thread_id\":\""u8));
}
