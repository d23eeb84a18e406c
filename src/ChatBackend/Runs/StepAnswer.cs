using System.Text;
using System.Text.Json;
using ChatBackend.Agents.Endpoints;
using ChatBackend.Protocol;
using ChatBackend.Runs.History;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs;

/// <summary>An answer of the model while it comes, and then as the next step is shown it: as every later run will be.</summary>
/// <param name="source">The model that answers (<see cref="ModelSource"/>), once something of its answer has come.</param>
/// <param name="maxCallBytes">Of the arguments of a call; larger ones are not kept, as they are not recorded either.</param>
internal sealed class StepAnswer(Func<string> source, int maxCallBytes)
{
    private static readonly JsonElement NoArguments = JsonElement.Parse("{}");

    private readonly StringBuilder _text = new();
    private readonly StringBuilder _thinking = new();
    private readonly List<Piece> _pieces = [];
    private readonly List<FunctionCallContent> _calls = [];

    public IReadOnlyList<FunctionCallContent> Calls => _calls;

    public bool IsRefused { get; set; }

    public bool IsEmpty => _pieces.Count == 0;

    public bool SaysNothing => _calls.Count == 0 && string.IsNullOrWhiteSpace(_text.ToString());

    /// <summary>Whether what was to be kept when it began does not say all: it has calls, or texts of one kind apart from one another.</summary>
    public bool IsKeptWhole => _pieces.Exists(piece => piece.IsKept) && (_calls.Count > 0 || _pieces.CountBy(piece => piece.Kind).Any(pieces => pieces.Value > 1));

    /// <summary>What is to be kept of it beside its texts; null when there is nothing.</summary>
    public StepRecord? Record => _pieces.Exists(piece => piece.IsKept)
        ? new StepRecord(source(), [.. _pieces.Select(piece => piece.Content)])
        : null;

    public ChatMessage Message => StepMessage.Of(Record, _text.ToString(), _thinking.ToString());

    public void Add(string text)
    {
        Last(StepPieceKind.Text).Length += text.Length;
        _text.Append(text);
    }

    /// <returns>Whether it began, or completed, something that is to be kept.</returns>
    public bool Add(TextReasoningContent thought)
    {
        var piece = Last(StepPieceKind.Thinking);
        if (piece.Protected is not null || (!piece.IsEmpty && !ReferenceEquals(piece.Given, thought.AdditionalProperties ?? piece.Given)))
        {
            piece = Begin(StepPieceKind.Thinking);
        }

        var wasKept = piece.IsKept;
        piece.Given ??= thought.AdditionalProperties;
        piece.Protected ??= thought.ProtectedData;
        piece.Length += thought.Text.Length;
        _thinking.Append(thought.Text);
        return piece.IsKept && (!wasKept || thought.ProtectedData is not null);
    }

    /// <summary>A copy of it, since a client may give out one object many times: each is a call of its own, with an id of its own for people.</summary>
    public void Add(FunctionCallContent given)
    {
        var own = CallId.New();
        var isNamed = given.CallId.Length > 0 && !_calls.Exists(other => other.CallId == given.CallId);
        var call = new FunctionCallContent(isNamed ? given.CallId : CallIds.ForAnyModel(own), given.Name, given.Arguments)
        {
            Exception = given.Exception,
            AdditionalProperties = given.AdditionalProperties is { } data ? new AdditionalPropertiesDictionary(data) : null,
            RawRepresentation = given.RawRepresentation,
        };
        var arguments = ArgumentsOf(call);
        if (arguments is null)
        {
            call.AdditionalProperties?.Remove(ToolCallText.Written);
        }

        CallIds.Name(call, own);
        Begin(StepPieceKind.Call).Of(own, call, arguments ?? NoArguments);
        _calls.Add(call);
    }

    private Piece Last(StepPieceKind kind) => _pieces is [.., var last] && last.Kind == kind ? last : Begin(kind);

    private Piece Begin(StepPieceKind kind)
    {
        _pieces.Add(new Piece { Kind = kind });
        return _pieces[^1];
    }

    /// <returns>Null where they are not kept.</returns>
    private JsonElement? ArgumentsOf(FunctionCallContent call)
    {
        if (call.Exception is not null || call.Arguments is not { } given)
        {
            return null;
        }

        try
        {
            var arguments = JsonSerializer.SerializeToElement(given, AIJsonUtilities.DefaultOptions);
            return Encoding.UTF8.GetByteCount(arguments.GetRawText()) <= maxCallBytes && Encoding.UTF8.GetByteCount(ToolCallText.ArgumentsOf(call)) <= maxCallBytes ? arguments : null;
        }
        catch (JsonException)
        {
            return null; // the call is refused for them
        }
    }

    private sealed class Piece
    {
        private StepPiece? _call;

        public required StepPieceKind Kind { get; init; }

        public int Length { get; set; }

        public string? Protected { get; set; }

        /// <summary>What the model's client said of it.</summary>
        public AdditionalPropertiesDictionary? Given { get; set; }

        public bool IsEmpty => Length == 0 && !IsKept;

        public bool IsKept => Kind == StepPieceKind.Call || Protected is not null || Given is not null;

        public StepPiece Content => _call ?? new StepPiece { Kind = Kind, Length = Length, Protected = Protected, Data = DataOf(Given) };

        public void Of(CallId own, FunctionCallContent call, JsonElement arguments) => _call = new StepPiece
        {
            Kind = Kind, Call = own.Value, Id = call.CallId, Tool = call.Name, Arguments = arguments, Data = DataOf(call.AdditionalProperties),
        };

        private static Dictionary<string, JsonElement>? DataOf(AdditionalPropertiesDictionary? given) => given?.Where(member => CallIds.IsOfModel(member.Key))
            .ToDictionary(member => member.Key, member => member.Value as JsonElement? ?? JsonSerializer.SerializeToElement(member.Value, AIJsonUtilities.DefaultOptions));
    }
}
