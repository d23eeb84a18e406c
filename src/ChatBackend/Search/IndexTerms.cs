using System.Text;

namespace ChatBackend.Search;

/// <summary>
/// The distinct terms that a text is found by: each word and emoji, each letter of a script without spaces, and each two of those that
/// follow on one another, so that a search in the middle of a run needs no knowledge of its words.
/// </summary>
internal sealed class IndexTerms : UnitReader
{
    /// <summary>A text of more distinct terms is found by the first ones only.</summary>
    public const int MaxTerms = 20_000;

    private readonly HashSet<string> _terms = new(StringComparer.Ordinal);
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private readonly StringBuilder _all = new();
    private string _last = "";

    public IndexTerms() => _bySpan = _terms.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The terms with a space between any two; none of them holds one. Empty when the text has none.</summary>
    public string Of(string text)
    {
        _terms.Clear();
        _all.Clear();
        Read(text);
        return _all.ToString();
    }

    protected override void Add(UnitKind kind, ReadOnlySpan<char> folded, int start, int end, bool isJoined)
    {
        AddTerm(folded);
        if (kind == UnitKind.Letter)
        {
            if (isJoined)
            {
                AddTerm([.. _last, .. folded]);
            }

            _last = folded.ToString();
        }
    }

    private void AddTerm(ReadOnlySpan<char> term)
    {
        if (_terms.Count < MaxTerms && _bySpan.Add(term))
        {
            _all.Append(_all.Length == 0 ? "" : " ").Append(term);
        }
    }
}
