using System.Text;
using System.Text.Json;
using ChatBackend.Protocol;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs.History;

/// <summary>One answer of a model with the calls that it asked for, put together from the events of its run.</summary>
internal sealed class ChatStep
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _thinking = new();
    private readonly List<StepPiece> _unrecorded = []; // calls of steps that have no record
    private readonly Dictionary<CallId, object> _results = [];
    private StepRecord? _record;

    /// <summary>Its calls have begun: what is said next is another answer.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Some of its calls have ended: without a record, a call that begins now is of another answer.</summary>
    public bool HasEnded => _results.Count > 0;

    /// <summary>The last one of an answer has it all.</summary>
    public void Keep(StepRecord record) => _record = record;

    public bool Knows(CallId call) => Calls.Any(known => known.Call == call.Value);

    public void Say(PartKind kind, string text) => (kind == PartKind.Text ? _text : _thinking).Append(text);

    public void Begin(CallId call, string tool, JsonElement arguments)
    {
        HasBegun = true;
        if (!Knows(call))
        {
            _unrecorded.Add(new StepPiece { Kind = StepPieceKind.Call, Call = call.Value, Tool = tool, Arguments = arguments });
        }
    }

    public void End(ToolCompleted completed)
    {
        HasBegun = true;
        _results[completed.CallId] = ToldOf(completed);
    }

    public IEnumerable<ChatMessage> Messages()
    {
        var record = _unrecorded.Count == 0 ? _record : new StepRecord(_record?.Source ?? "", [.. _record?.Pieces ?? [], .. _unrecorded]);
        var message = StepMessage.Of(record, _text.ToString(), _thinking.ToString());
        if (message.Contents.Count == 0)
        {
            yield break;
        }

        yield return message;
        var results = message.Contents.OfType<FunctionCallContent>()
            .Where(call => _results.ContainsKey(CallIds.OwnOf(call)!.Value))
            .Select(call => (AIContent)new FunctionResultContent(call.CallId, _results[CallIds.OwnOf(call)!.Value])).ToList();
        if (results.Count > 0)
        {
            yield return new ChatMessage(ChatRole.Tool, results);
        }
    }

    /// <summary>What a model is told of a call, in the run that made it and in every later one.</summary>
    public static object ToldOf(ToolCompleted completed) =>
        completed.Result is { } result ? result : new { error = completed.Error ?? "The call was abandoned." };

    private IEnumerable<StepPiece> Calls => (_record?.Calls ?? []).Concat(_unrecorded);
}
