namespace ChatBackend.Search;

/// <summary>
/// What a user searches for: words that must all occur. A word of several units, as one with a hyphen or of a script without spaces, is found
/// where its units follow on one another.
/// </summary>
internal sealed class SearchQuery
{
    private const int MaxWords = 32;
    private const int MaxTerms = 64;

    private SearchQuery(IReadOnlyList<string[]> words, IReadOnlyList<string> terms) => (Words, Terms) = (words, terms);

    /// <summary>The distinct words, each as its units.</summary>
    public IReadOnlyList<string[]> Words { get; }

    /// <summary>Terms of the index that a text must have, distinct.</summary>
    public IReadOnlyList<string> Terms { get; }

    /// <returns>Null when there is nothing to look for.</returns>
    public static SearchQuery? Parse(string text)
    {
        var words = new List<string[]>();
        var terms = new List<string>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        var reader = new WordReader();
        foreach (var written in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            var word = reader.Read(written);
            if (word.Units.Count > 0 && words.Count < MaxWords && known.Add(string.Join('\n', word.Units)))
            {
                words.Add([.. word.Units]);
                terms.AddRange(word.Terms);
            }
        }

        return words.Count == 0 ? null : new SearchQuery(words, [.. terms.Distinct(StringComparer.Ordinal).Take(MaxTerms)]);
    }

    private sealed class WordReader : UnitReader
    {
        private readonly List<string> _units = [];
        private readonly List<string> _terms = [];
        private bool _endsWithLetter;

        public new (IReadOnlyList<string> Units, IReadOnlyList<string> Terms) Read(string word)
        {
            _units.Clear();
            _terms.Clear();
            base.Read(word);
            return (_units, _terms);
        }

        protected override void Add(UnitKind kind, ReadOnlySpan<char> folded, int start, int end, bool isJoined)
        {
            var unit = folded.ToString();
            if (isJoined)
            {
                // Two letters in a row say more than each.
                if (_endsWithLetter)
                {
                    _terms.RemoveAt(_terms.Count - 1);
                }

                _terms.Add(_units[^1] + unit);
            }
            else
            {
                _terms.Add(unit);
            }

            _endsWithLetter = kind == UnitKind.Letter && !isJoined;
            _units.Add(unit);
        }
    }
}
