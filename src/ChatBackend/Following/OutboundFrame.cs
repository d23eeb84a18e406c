using ChatBackend.Protocol;
using ChatBackend.Threads.Contracts;

namespace ChatBackend.Following;

/// <summary>A frame on its way to one connection.</summary>
/// <param name="Thread">The thread it is of; null when it is about the connection itself.</param>
/// <param name="Json">Its bytes, shared by all who get the same; empty for text that gathered and is encoded when it is sent.</param>
/// <param name="Delta">Set for text in flight, which may gather with what comes after it.</param>
internal readonly record struct OutboundFrame(ThreadId? Thread, ReadOnlyMemory<byte> Json, PartText? Delta = null)
{
    /// <summary>UTF-16 code units that one delta grows to, where it is up to us.</summary>
    public const int MaxText = 8 * 1024;

    public static OutboundFrame Of(ThreadId thread, PartText text) => new(thread, Encode(thread, text), text);

    public ReadOnlyMemory<byte> Encoded() => Json.IsEmpty ? Encode(Thread!.Value, Delta!) : Json;

    private static byte[] Encode(ThreadId thread, PartText text) => WireJson.Encode((ServerFrame)(text.Kind == PartKind.Text
        ? new AgentDelta { ThreadId = thread, RunId = text.Run, PartId = text.Part, Offset = text.Offset, Text = text.Text }
        : new AgentThinking { ThreadId = thread, RunId = text.Run, PartId = text.Part, Offset = text.Offset, Text = text.Text }));
}
