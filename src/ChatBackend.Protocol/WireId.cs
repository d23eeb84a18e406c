using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ChatBackend.Protocol;

/// <summary>An opaque id with a type of its own, so that a run's id can never stand where a thread's belongs.</summary>
public interface IWireId<TSelf> where TSelf : struct, IWireId<TSelf>
{
    string Value { get; }

    static abstract TSelf From(string value);

    /// <summary>The value if <paramref name="value"/> may stand on the wire as such an id.</summary>
    static abstract bool IsWellFormed(string value);
}

internal static class WireId
{
    private const int Digits = 32;
    private const int AtOnce = 64;

    [ThreadStatic]
    private static char[]? digits;

    [ThreadStatic]
    private static int used;

    /// <summary>128 random bits: an id can neither be guessed nor counted. They are had for many ids at once, since a call of the generator costs more than its bits.</summary>
    public static string New(string prefix)
    {
        digits ??= new char[Digits * AtOnce];
        if (used % digits.Length == 0)
        {
            RandomNumberGenerator.GetHexString(digits, lowercase: true);
            used = 0;
        }

        used += Digits;
        return string.Concat(prefix, digits.AsSpan(used - Digits, Digits));
    }
}

/// <summary>Reads and writes an id as its string; refuses null, the empty string and what is not well formed.</summary>
internal sealed class WireIdConverter<TId> : JsonConverter<TId> where TId : struct, IWireId<TId>
{
    public override TId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        ReadId(ref reader);

    public override void Write(Utf8JsonWriter writer, TId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);

    internal static TId ReadId(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            throw new JsonException("An id is a string.");
        }

        var value = reader.GetString()!;
        return TId.IsWellFormed(value) ? TId.From(value) : throw new JsonException("That is not a well-formed id.");
    }
}

/// <summary>As <see cref="WireIdConverter{TId}"/> for a member that may be absent. Present and null is an error: absent means absent.</summary>
internal sealed class OptionalWireIdConverter<TId> : JsonConverter<TId?> where TId : struct, IWireId<TId>
{
    public override bool HandleNull => true;

    public override TId? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        WireIdConverter<TId>.ReadId(ref reader);

    public override void Write(Utf8JsonWriter writer, TId? value, JsonSerializerOptions options)
    {
        if (value is { } id)
        {
            writer.WriteStringValue(id.Value);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}
