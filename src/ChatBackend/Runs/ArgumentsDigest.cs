using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ChatBackend.Runs;

/// <summary>
/// SHA-256 over a tool's name and its arguments, normalised: members in ordinal order, no space between. What is approved is approved
/// for arguments of this digest and no others.
/// </summary>
internal static class ArgumentsDigest
{
    public static string Of(string tool, JsonElement arguments)
    {
        var normalised = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(normalised))
        {
            Write(writer, arguments);
        }

        var name = Encoding.UTF8.GetBytes(tool);
        // The length first, so that no name runs into its arguments.
        byte[] digested = [.. BitConverter.GetBytes(name.Length), .. name, .. normalised.WrittenSpan];
        return $"sha256:{Convert.ToHexStringLower(SHA256.HashData(digested))}";
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }
}
