using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ChatBackend.Protocol;

namespace ChatBackend.Benchmarks.Rivals.SignalR;

/// <summary>Payloads of the hub look like the frames of our wire.</summary>
internal static class HubJson
{
    private static readonly JsonPolymorphicAttribute Polymorphic = typeof(ServerFrame).GetCustomAttribute<JsonPolymorphicAttribute>()!;

    private static readonly Dictionary<Type, string> Words = typeof(ServerFrame).GetCustomAttributes<JsonDerivedTypeAttribute>()
        .ToDictionary(known => known.DerivedType, known => (string)known.TypeDiscriminator!);

    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.Converters.Add(new TimeConverter());
        options.TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { NameType } };
    }

    /// <summary>SignalR writes a payload as what it is, not as a frame, and would leave its type out: each is made to name itself.</summary>
    private static void NameType(JsonTypeInfo info)
    {
        if (Words.TryGetValue(info.Type, out var word))
        {
            var type = info.CreateJsonPropertyInfo(typeof(string), Polymorphic.TypeDiscriminatorPropertyName!);
            type.Get = _ => word;
            info.Properties.Insert(0, type);
        }
    }

    private sealed class TimeConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
        {
            Span<char> text = stackalloc char[24];
            value.UtcDateTime.TryFormat(text, out _, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            writer.WriteStringValue(text);
        }
    }
}
