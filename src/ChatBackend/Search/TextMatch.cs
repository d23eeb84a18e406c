namespace ChatBackend.Search;

/// <param name="Word">Which word of the query.</param>
/// <param name="Start">Where in the text it begins, in UTF-16 units.</param>
internal readonly record struct Hit(int Word, int Start, int End);

/// <summary>Finds a query's words in texts, one text after the other. The work is linear in the text for each word. For one caller at a time.</summary>
internal sealed class TextMatch : UnitReader
{
    // More of one word say nothing new, neither to the ranking nor to the excerpt.
    private const int MaxHitsOfWord = 200;

    private const int ForPhrase = 400;
    private const int ForRepeats = 100;
    private const int ForDensity = 100;

    private readonly IReadOnlyList<Pattern> _words;
    private readonly Pattern? _phrase;
    private readonly Dictionary<string, int> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _knownBySpan;
    private readonly List<(int Unit, int Start, int End)> _units = [];
    private readonly List<Hit> _hits = [];

    public TextMatch(SearchQuery query)
    {
        _knownBySpan = _known.GetAlternateLookup<ReadOnlySpan<char>>();
        _words = [.. query.Words.Select(word => new Pattern([.. word.Select(Number)]))];
        _phrase = query.Words.Count > 1 ? new Pattern([.. query.Words.SelectMany(word => word).Select(Number)]) : null;
    }

    /// <summary>Where the words stand in the text that was found last, in order.</summary>
    public IReadOnlyList<Hit> Hits => _hits;

    /// <summary>How well the text that was found last fits: a function of text and query alone, so that pages keep their order.</summary>
    public long Score { get; private set; }

    /// <returns>Whether every word is in the text.</returns>
    public bool Find(string text)
    {
        _units.Clear();
        _hits.Clear();
        Score = 0;
        Read(text);
        for (var word = 0; word < _words.Count; word++)
        {
            var count = FindAll(_words[word], word);
            if (count == 0)
            {
                return false;
            }

            Score += ForRepeats * count / (count + 1);
        }

        Score = (Score / _words.Count) + (ForDensity * Math.Min(_hits.Count, _units.Count) / _units.Count);
        if (_phrase is not null && FindAll(_phrase, word: -1) > 0)
        {
            Score += ForPhrase;
        }

        _hits.Sort((one, other) => one.Start.CompareTo(other.Start));
        return true;
    }

    protected override void Add(UnitKind kind, ReadOnlySpan<char> folded, int start, int end, bool isJoined) =>
        _units.Add((_knownBySpan.TryGetValue(folded, out var unit) ? unit : -1, start, end));

    private int Number(string unit)
    {
        _known.TryAdd(unit, _known.Count);
        return _known[unit];
    }

    private int FindAll(Pattern pattern, int word)
    {
        var (count, matched) = (0, 0);
        for (var i = 0; i < _units.Count && count < MaxHitsOfWord; i++)
        {
            matched = pattern.Next(matched, _units[i].Unit);
            if (matched == pattern.Length)
            {
                count++;
                if (word >= 0)
                {
                    _hits.Add(new Hit(word, _units[i - matched + 1].Start, _units[i].End));
                }

                matched = 0;
            }
        }

        return count;
    }

    /// <summary>Knuth, Morris and Pratt: each unit of a text is looked at once, however the pattern repeats itself.</summary>
    private sealed class Pattern
    {
        private readonly int[] _units;
        private readonly int[] _fallback;

        public Pattern(int[] units)
        {
            _units = units;
            _fallback = new int[units.Length];
            for (var i = 1; i < units.Length; i++)
            {
                _fallback[i] = Next(_fallback[i - 1], units[i]);
            }
        }

        public int Length => _units.Length;

        public int Next(int matched, int unit)
        {
            while (matched > 0 && _units[matched] != unit)
            {
                matched = _fallback[matched - 1];
            }

            return _units[matched] == unit ? matched + 1 : 0;
        }
    }
}
