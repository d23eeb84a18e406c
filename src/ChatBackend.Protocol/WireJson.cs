using System.Collections.Frozen;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace ChatBackend.Protocol;

/// <summary>Encodes frames to the bytes of the wire and back. The event log stores the same bytes, compressed where they are many.</summary>
public static class WireJson
{
    // The wire is JSON in a WebSocket, never inside HTML: text stays readable and short.
    private static readonly WireJsonContext Context = new(new JsonSerializerOptions(WireJsonContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static byte[] Encode(ServerFrame frame) => JsonSerializer.SerializeToUtf8Bytes(frame, Context.ServerFrame);

    public static byte[] Encode(ClientFrame frame) => JsonSerializer.SerializeToUtf8Bytes(frame, Context.ClientFrame);

    /// <exception cref="JsonException">The bytes are not a server frame of this version.</exception>
    public static ServerFrame DecodeServerFrame(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return JsonSerializer.Deserialize(utf8, Context.ServerFrame) ?? throw new JsonException("null is not a frame.");
        }
        catch (NotSupportedException ex)
        {
            throw new JsonException("A frame has a type.", ex);
        }
    }

    /// <summary>
    /// How to read each type that clients may send. Read through <see cref="Protocol.ClientFrame"/> itself, a frame with a member
    /// whose name begins with <c>$</c> would be refused, since a polymorphic type reserves such names.
    /// </summary>
    internal static FrozenDictionary<string, JsonTypeInfo> ClientTypes { get; } = Context.ClientFrame.PolymorphismOptions!.DerivedTypes
        .ToFrozenDictionary(known => (string)known.TypeDiscriminator!, known => Context.GetTypeInfo(known.DerivedType)!);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowOutOfOrderMetadataProperties = true,
    AllowDuplicateProperties = false,
    MaxDepth = ChatProtocol.MaxDepth,
    Converters = [typeof(WireTimeConverter)])]
[JsonSerializable(typeof(ClientFrame))]
[JsonSerializable(typeof(ServerFrame))]
internal sealed partial class WireJsonContext : JsonSerializerContext;
