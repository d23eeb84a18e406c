using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ChatBackend.Benchmarks.Load;

/// <summary>Our own wire, which the raw rivals speak too.</summary>
internal sealed class WireDialect : IDialect
{
    public ReadOnlyMemory<byte> Greeting => default;

    public byte[] Upgrade(IPEndPoint server, string? token) => UpgradeRequest.Of(server, "/ws", "chat.v1", token);

    public byte[] Chat(ChatRequest request) => DialectJson.Bytes(new
    {
        type = "chat", id = request.Id, content = request.Content, thread_id = request.ThreadId, agent = request.Agent,
    });

    public byte[] Follow(string id, string threadId, long afterSeq) => DialectJson.Bytes(new { type = "follow", id, thread_id = threadId, after_seq = afterSeq });

    public void Take(ReadOnlySpan<byte> message, LoadClient client) => client.TakeEvent(message);
}

/// <summary>SignalR's JSON protocol, without the negotiation that a WebSocket does not need.</summary>
/// <param name="streams">A turn is the stream of an invocation, instead of messages to a group.</param>
internal sealed class SignalRDialect(bool streams) : IDialect
{
    private const byte RecordSeparator = 0x1E;

    private int _invocations;

    public ReadOnlyMemory<byte> Greeting { get; } = Record("""{"protocol":"json","version":1}""");

    public byte[] Upgrade(IPEndPoint server, string? token) => UpgradeRequest.Of(server, "/hub", protocol: null, token);

    public byte[] Chat(ChatRequest request)
    {
        object[] arguments = [new { id = request.Id, content = request.Content, thread_id = request.ThreadId, agent = request.Agent }];
        return streams
            ? Record(DialectJson.Text(new { type = 4, invocationId = (++_invocations).ToString(CultureInfo.InvariantCulture), target = "Stream", arguments }))
            : Record(DialectJson.Text(new { type = 1, target = "Chat", arguments }));
    }

    public byte[] Follow(string id, string threadId, long afterSeq) =>
        Record(DialectJson.Text(new { type = 1, target = "Follow", arguments = new object[] { new { id, thread_id = threadId } } }));

    public void Take(ReadOnlySpan<byte> message, LoadClient client)
    {
        while (message.IndexOf(RecordSeparator) is >= 0 and var end)
        {
            var record = message[..end];
            message = message[(end + 1)..];
            if (record.StartsWith("{\"type\":1,"u8) || record.StartsWith("{\"type\":2,"u8))
            {
                client.TakeEvent(record);
            }
            else if (record.IndexOf("\"error\":"u8) >= 0)
            {
                client.Fail(Encoding.UTF8.GetString(record));
            }
        }
    }

    private static byte[] Record(string json) => [.. Encoding.UTF8.GetBytes(json), RecordSeparator];
}

/// <summary>Socket.IO 4 over Engine.IO 4, over the WebSocket at once.</summary>
internal sealed class SocketIoDialect : IDialect
{
    private static readonly byte[] Connect = "40"u8.ToArray();
    private static readonly byte[] Pong = "3"u8.ToArray();

    public ReadOnlyMemory<byte> Greeting => default;

    public byte[] Upgrade(IPEndPoint server, string? token) => UpgradeRequest.Of(server, "/socket.io/?EIO=4&transport=websocket", protocol: null, token);

    public byte[] Chat(ChatRequest request) =>
        Event("chat", new { id = request.Id, content = request.Content, thread_id = request.ThreadId, agent = request.Agent });

    public byte[] Follow(string id, string threadId, long afterSeq) => Event("follow", new { id, thread_id = threadId });

    public void Take(ReadOnlySpan<byte> message, LoadClient client)
    {
        if (message.StartsWith("42"u8))
        {
            client.TakeEvent(message);
        }
        else if (message.StartsWith("40"u8))
        {
            client.TakeReady();
        }
        else if (message.StartsWith("0"u8))
        {
            client.Socket.Send(Connect);
        }
        else if (message.SequenceEqual("2"u8))
        {
            client.Socket.Send(Pong);
        }
        else
        {
            client.Fail(Encoding.UTF8.GetString(message));
        }
    }

    private static byte[] Event(string name, object argument) => Encoding.UTF8.GetBytes($"42{DialectJson.Text(new[] { name, argument })}");
}

file static class UpgradeRequest
{
    public static byte[] Of(IPEndPoint server, string path, string? protocol, string? token) => Encoding.ASCII.GetBytes(
        $"GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        + (protocol is null ? "" : $"Sec-WebSocket-Protocol: {protocol}\r\n")
        + (token is null ? "" : $"Authorization: Bearer {token}\r\n")
        + "\r\n");
}

file static class DialectJson
{
    private static readonly JsonSerializerOptions Options = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public static byte[] Bytes(object value) => JsonSerializer.SerializeToUtf8Bytes(value, Options);

    public static string Text(object value) => JsonSerializer.Serialize(value, Options);
}
