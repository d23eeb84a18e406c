using System.Text;
using System.Text.Json;
using ChatBackend.Agents.Endpoints;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Completions;

/// <summary>Joins the calls of one answer, which come in pieces: by their index where that tells them apart, and where it does not, by their ids and names.</summary>
internal sealed class ToolCallPieces
{
    private readonly List<Call> _calls = [];
    private int _bytes;

    public bool IsEmpty => _calls.Count == 0;

    /// <summary>A piece of a call: <c>{index, id, function: {name, arguments}}</c>.</summary>
    /// <exception cref="ModelException">All together are larger than they may be.</exception>
    public void Add(JsonElement piece)
    {
        var function = piece.Find("function") ?? piece;
        Add(piece.FindCount("index"), piece.FindText("id"), function.FindText("name"), function.Find("arguments"), piece.Find(ProviderData.Extra));
    }

    /// <summary>A call in the form that came before tool calls: <c>{name, arguments}</c>, one an answer.</summary>
    public void AddLegacy(JsonElement call) => Add(0, id: null, call.FindText("name"), call.Find("arguments"), extra: null);

    public IEnumerable<FunctionCallContent> End() => _calls.Select(call => call.Content());

    private void Add(long? index, string? id, string? name, JsonElement? arguments, JsonElement? extra)
    {
        (id, name) = (id is "" ? null : id, name is "" ? null : name);
        var text = arguments switch
        {
            { ValueKind: JsonValueKind.String } written => LooseJson.Text(written),
            { } given => given.GetRawText(),
            null => "",
        };
        var call = Continued(index, id, name);
        var isNew = call is null;
        if (call is null)
        {
            call = new Call { Index = index };
            _calls.Add(call);
            id = id is not null && _calls.Exists(other => other.Id == id) ? null : id; // by one id, two calls would have one result
        }

        _bytes = ToolCallText.Bounded(_bytes, isNew ? name ?? "" : null, text);
        call.Id ??= id;
        call.Name ??= name;
        call.Extra = extra?.Clone() ?? call.Extra;
        call.Append(text);
    }

    // Servers number two calls with one index, or not at all. A piece with another id, or with a name once the arguments are whole, begins another call.
    private Call? Continued(long? index, string? id, string? name)
    {
        if (id is not null && _calls.Find(call => call.Id == id) is { } known && (index is null || known.Index is null || known.Index == index))
        {
            return known;
        }

        var last = index is null ? _calls.LastOrDefault() : _calls.FindLast(call => call.Index == index);
        return last switch
        {
            null => null,
            { Id: { } other } when id is not null && id != other => null,
            _ when name is not null && last.Name is not null && (last.Name != name || last.IsWhole) => null,
            _ => last,
        };
    }

    private sealed class Call
    {
        private readonly StringBuilder _arguments = new();
        private int _open;
        private bool _isInText;
        private bool _isEscaped;

        public long? Index { get; init; }

        public string? Id { get; set; }

        public string? Name { get; set; }

        /// <summary>What the provider wants to have back with the call.</summary>
        public JsonElement? Extra { get; set; }

        /// <summary>Whether every object, array and text that its arguments began has ended.</summary>
        public bool IsWhole => _arguments.Length > 0 && _open == 0 && !_isInText;

        // Looked at once, piece by piece: arguments may come in very many.
        public void Append(string piece)
        {
            _arguments.Append(piece);
            foreach (var character in piece)
            {
                if (_isEscaped)
                {
                    _isEscaped = false;
                }
                else if (character == '"')
                {
                    _isInText = !_isInText;
                }
                else if (_isInText)
                {
                    _isEscaped = character == '\\';
                }
                else
                {
                    _open += character switch { '{' or '[' => 1, '}' or ']' => -1, _ => 0 };
                }
            }
        }

        public FunctionCallContent Content()
        {
            var call = ToolCallText.Call(Id ?? $"call_{Guid.NewGuid():n}", Name ?? "", _arguments.ToString());
            if (Extra is { } extra)
            {
                (call.AdditionalProperties ??= [])[ProviderData.Extra] = extra;
            }

            return call;
        }
    }
}
