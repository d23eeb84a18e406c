using System.Buffers;
using System.Text;
using System.Text.Json;
using ChatBackend.Agents.Endpoints;

namespace ChatBackend.Agents.Completions;

/// <summary>A list that a provider wants to have back as it was, and sends in pieces: its items, each of which may go on in the next piece.</summary>
internal sealed class ProviderItems
{
    private const int MaxBytes = 1024 * 1024;
    private const int MemberBytes = 64; // beside what it holds

    /// <summary>Members of which each piece has a part; of the others the last text or number counts.</summary>
    private static readonly string[] Texts = ["text", "summary", "thinking", "data"];

    private readonly List<Item> _items = [];
    private int _bytes;

    /// <exception cref="ModelException">All together are larger than they may be.</exception>
    public void Add(JsonElement piece)
    {
        if (piece.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        if (_items is not [.., var last] || !last.GoesOnIn(piece))
        {
            last = new Item();
            _items.Add(last);
        }

        _bytes += last.Add(piece);
        if (_bytes > MaxBytes)
        {
            throw new ModelException(ModelErrorKind.Unavailable, $"What the endpoint wants to have back is larger than {MaxBytes} bytes.");
        }
    }

    public JsonElement End()
    {
        var written = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(written))
        {
            json.WriteStartArray();
            _items.ForEach(item => item.Write(json));
            json.WriteEndArray();
        }

        return JsonElement.Parse(written.WrittenSpan);
    }

    private sealed class Item
    {
        private readonly List<Member> _members = []; // in the order in which they came first

        // By their index where they have one. Else what is signed is whole, and so is what only the provider can read.
        public bool GoesOnIn(JsonElement piece) => TextOf("type") == piece.FindText("type") && TextOf("index") == piece.FindText("index")
            && (TextOf("index") is not null || (TextOf("signature") is null or "" && piece.Find("data") is null));

        /// <returns>How much it has grown, roughly: what every piece repeats is not kept again.</returns>
        public int Add(JsonElement piece)
        {
            var grown = 0;
            foreach (var given in piece.EnumerateObject())
            {
                var member = _members.Find(known => known.Name == given.Name);
                if (member is null)
                {
                    member = new Member(given.Name);
                    _members.Add(member);
                    grown += MemberBytes;
                }

                if (given.Value.ValueKind == JsonValueKind.String && Texts.Contains(given.Name))
                {
                    var text = LooseJson.Text(given.Value);
                    (member.Text ??= new StringBuilder()).Append(text);
                    grown += text.Length;
                }
                else if (member.Value is null || piece.FindText(given.Name) is not (null or ""))
                {
                    grown -= member.Value is { } before ? before.GetRawText().Length : 0;
                    member.Value = given.Value.Clone();
                    grown += given.Value.GetRawText().Length;
                }
            }

            return grown;
        }

        public void Write(Utf8JsonWriter json)
        {
            json.WriteStartObject();
            foreach (var member in _members)
            {
                if (member.Text is { } text)
                {
                    json.WriteString(member.Name, Encoding.UTF8.GetBytes(text.ToString())); // half a character would be refused
                }
                else
                {
                    json.WritePropertyName(member.Name);
                    member.Value!.Value.WriteTo(json);
                }
            }

            json.WriteEndObject();
        }

        private string? TextOf(string name) => _members.Find(member => member.Name == name)?.Value switch
        {
            { ValueKind: JsonValueKind.String } text => text.GetString(),
            { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
            _ => null,
        };
    }

    private sealed class Member(string name)
    {
        public string Name => name;

        public StringBuilder? Text { get; set; }

        public JsonElement? Value { get; set; }
    }
}
