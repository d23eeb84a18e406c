using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ChatBackend.Protocol;

namespace ChatBackend.Tests.Protocol;

/// <summary>The documented frames are the frames: each sample of the protocol's documentation is decoded, compared by name and encoded again.</summary>
[Trait("failure", "D24")]
[Trait("failure", "D27")]
public sealed class WireContractTests
{
    public static TheoryData<string> Names => [.. Fixtures.All.Keys.Order()];

    public static TheoryData<string> ServerTypeNames => [.. Fixtures.ServerTypes.Keys.Order()];

    [Fact]
    public void Every_frame_has_a_sample_and_every_sample_is_of_a_frame()
    {
        var known = Fixtures.ClientTypes.Keys.Concat(Fixtures.ServerTypes.Keys).ToList();

        known.Should().OnlyHaveUniqueItems();
        Fixtures.All.Keys.Select(Fixtures.TypeOf).Distinct().Should().BeEquivalentTo(known);
    }

    [Fact]
    public void Every_subtype_of_a_frame_has_a_name_on_the_wire()
    {
        var frames = typeof(ServerFrame).Assembly.GetTypes().Where(type => !type.IsAbstract && (type.IsAssignableTo(typeof(ServerFrame)) || type.IsAssignableTo(typeof(ClientFrame))));

        frames.Should().BeEquivalentTo(Fixtures.ClientTypes.Values.Concat(Fixtures.ServerTypes.Values));
    }

    [Fact]
    public void Every_sample_stands_in_the_documentation_and_every_one_there_is_a_fixture() =>
        Fixtures.Blocks.Should().BeEquivalentTo(Fixtures.All.Values);

    [Theory]
    [Trait("failure", "D22")]
    [Trait("failure", "A11")]
    [MemberData(nameof(Names))]
    public void A_sample_is_decoded_by_name_and_encoded_to_the_same_JSON(string name)
    {
        var json = Fixtures.All[name];
        var (frame, encoded) = Decode(name, json);

        frame.GetType().Should().Be(TypeOf(name));
        ShouldHoldWhatTheJsonSays(frame, JsonDocument.Parse(json).RootElement);
        JsonNode.DeepEquals(JsonNode.Parse(encoded), JsonNode.Parse(json)).Should().BeTrue($"{encoded} should say what the sample says");
    }

    [Fact]
    public void Every_member_of_every_frame_stands_in_a_sample()
    {
        foreach (var samples in Fixtures.All.GroupBy(fixture => Fixtures.TypeOf(fixture.Key)))
        {
            var shown = samples.SelectMany(sample => JsonDocument.Parse(sample.Value).RootElement.EnumerateObject().Select(member => member.Name));

            shown.Distinct().Should().BeEquivalentTo([.. TypeOf(samples.Key).GetProperties().Where(IsOnTheWire).Select(WireName), "type"], samples.Key);
        }
    }

    [Theory]
    [Trait("failure", "A23")]
    [Trait("failure", "A10")]
    [MemberData(nameof(ServerTypeNames))]
    public void No_frame_of_the_server_is_taken_from_a_client(string type)
    {
        var sample = JsonNode.Parse(Fixtures.All[type])!;
        sample["id"] = "c_1";

        var (frame, error) = ClientFrameReader.Read(Encoding.UTF8.GetBytes(sample.ToJsonString()));

        frame.Should().BeNull();
        error.Should().BeEquivalentTo(new { Code = ErrorCode.UnknownType, Id = new ClientFrameId("c_1") });
    }

    [Fact]
    public void Every_code_and_word_is_documented()
    {
        var words = typeof(ServerFrame).Assembly.GetTypes()
            .Where(type => type.IsEnum)
            .SelectMany(type => Enum.GetNames(type).Select(JsonNamingPolicy.SnakeCaseLower.ConvertName));
        var closeCodes = typeof(CloseCodes).GetFields().Select(field => field.GetRawConstantValue()!.ToString()!);

        foreach (var word in words)
        {
            Fixtures.Document.Should().ContainAny($"`{word}`", $"\"{word}\"");
        }

        foreach (var code in closeCodes)
        {
            Fixtures.Document.Should().Contain($"| {code} |");
        }
    }

    private static Type TypeOf(string fixture) =>
        Fixtures.ClientTypes.GetValueOrDefault(Fixtures.TypeOf(fixture)) ?? Fixtures.ServerTypes[Fixtures.TypeOf(fixture)];

    private static (object Frame, string Encoded) Decode(string name, string json)
    {
        if (!Fixtures.ClientTypes.ContainsKey(Fixtures.TypeOf(name)))
        {
            var server = WireJson.DecodeServerFrame(Encoding.UTF8.GetBytes(json));
            return (server, Encoding.UTF8.GetString(WireJson.Encode(server)));
        }

        var (client, error) = ClientFrameReader.Read(Encoding.UTF8.GetBytes(json));
        error.Should().BeNull();
        return (client!, Encoding.UTF8.GetString(WireJson.Encode(client!)));
    }

    /// <summary>Compares member by member without the serializer, so that two mistakes of it cannot cancel each other out.</summary>
    private static void ShouldHoldWhatTheJsonSays(object value, JsonElement json)
    {
        foreach (var property in value.GetType().GetProperties().Where(IsOnTheWire))
        {
            var held = property.GetValue(value);
            if (!json.TryGetProperty(WireName(property), out var said))
            {
                held.Should().BeNull(WireName(property));
                continue;
            }

            switch (held)
            {
                case JsonElement element:
                    JsonElement.DeepEquals(element, said).Should().BeTrue();
                    break;
                case string or IEnumerable<string> or ValueType when Plain(held) is { } plain:
                    plain.Should().Be(said.ToString(), WireName(property));
                    break;
                case IEnumerable list:
                    list.Cast<object>().Zip(said.EnumerateArray()).Should().HaveCount(said.GetArrayLength())
                        .And.AllSatisfy(pair => ShouldHoldWhatTheJsonSays(pair.First, pair.Second));
                    break;
                default:
                    ShouldHoldWhatTheJsonSays(held!, said);
                    break;
            }
        }
    }

    private static string? Plain(object held) => held switch
    {
        string text => text,
        IEnumerable<string> words => $"[\"{string.Join("\", \"", words)}\"]",
        Enum word => JsonNamingPolicy.SnakeCaseLower.ConvertName(word.ToString()),
        DateTimeOffset time => time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null),
        bool or int or long or double or decimal => Convert.ToString(held, CultureInfo.InvariantCulture),
        _ => held.GetType().GetProperty("Value")?.GetValue(held) as string,
    };

    private static bool IsOnTheWire(PropertyInfo property) => property.Name != "EqualityContract";

    private static string WireName(PropertyInfo property) => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
}
