using System.Text.Json;
using System.Text.Json.Serialization;

namespace ChatBackend.Runs.History;

/// <summary>
/// What one answer of a model was beside its texts: which calls were of it, under which ids, and what its provider wants to have back. It is stored beside the event that
/// begins the answer, and goes back to where it came from; no one else is told. Its texts are those of the events.
/// </summary>
/// <param name="Source">The model that gave the answer (<see cref="ModelSource"/>).</param>
/// <param name="Pieces">In the order in which they came.</param>
internal sealed record StepRecord(string Source, IReadOnlyList<StepPiece> Pieces)
{
    public IEnumerable<StepPiece> Calls => Pieces.Where(piece => piece.Kind == StepPieceKind.Call);

    /// <exception cref="JsonException">What is stored is none.</exception>
    public static StepRecord Decode(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, StepRecordJson.Default.StepRecord) ?? throw new JsonException("A step record is null.");

    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, StepRecordJson.Default.StepRecord);
}

/// <summary>Text, thinking, or a call.</summary>
internal sealed record StepPiece
{
    public StepPieceKind Kind { get; init; }

    /// <summary>Of text and thinking: UTF-16 code units of it. The last piece of its kind has all that is left.</summary>
    public int Length { get; init; }

    /// <summary>Of a call: the id that people are told.</summary>
    public string? Call { get; init; }

    /// <summary>Of a call: the id that the model gave it.</summary>
    public string? Id { get; init; }

    /// <summary>Of a call: the name that the model called.</summary>
    public string? Tool { get; init; }

    /// <summary>Of a call: an object, also where the model sent none.</summary>
    public JsonElement? Arguments { get; init; }

    /// <summary>What only its provider can read, such as a signature of thinking.</summary>
    public string? Protected { get; init; }

    /// <summary>Members of the provider's own.</summary>
    public Dictionary<string, JsonElement>? Data { get; init; }
}

internal enum StepPieceKind
{
    Text,
    Thinking,
    Call,
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, UseStringEnumConverter = false)]
[JsonSerializable(typeof(StepRecord))]
internal sealed partial class StepRecordJson : JsonSerializerContext;
