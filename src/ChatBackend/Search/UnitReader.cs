using System.Globalization;
using System.Text;

namespace ChatBackend.Search;

/// <summary>What search compares: a whole word, a single letter of a script without spaces, or an emoji.</summary>
internal enum UnitKind
{
    Word,
    Letter,
    Emoji,
}

/// <summary>
/// Parts a text into units, folded. The same for what is indexed, for what is asked and for what is shown, and for every store.
/// The work is linear in the text.
/// </summary>
internal abstract class UnitReader
{
    /// <summary>Of a longer text only so much is read, in UTF-16 units.</summary>
    public const int MaxText = 100_000;

    /// <summary>Of a longer word or emoji only so much counts, in UTF-16 units after folding.</summary>
    public const int MaxUnit = 64;

    private readonly char[] _word = new char[MaxUnit];
    private int _wordLength;
    private int _letter;
    private bool _isJoined;
    private int _start;
    private int _end;

    /// <param name="folded">Good until the call returns.</param>
    /// <param name="start">Where in the text it begins.</param>
    /// <param name="end">Where in the text it ends, marks that are dropped included.</param>
    /// <param name="isJoined">Whether a letter follows directly on the letter before it.</param>
    protected abstract void Add(UnitKind kind, ReadOnlySpan<char> folded, int start, int end, bool isJoined);

    protected void Read(string text)
    {
        var end = Math.Min(text.Length, MaxText);
        for (var i = 0; i < end;)
        {
            if (char.IsAscii(text[i]))
            {
                ReadAscii(text[i], i);
                i++;
                continue;
            }

            // Half a surrogate pair reads as the replacement character, which parts words.
            _ = Rune.DecodeFromUtf16(text.AsSpan(i), out var character, out var length);
            var folded = Folding.Of(character);
            if (folded is null && Scripts.IsEmoji(character.Value))
            {
                i += ReadEmoji(text, i);
                continue;
            }

            ReadFolded(folded, character, i, i + length);
            i += length;
        }

        Break();
    }

    private void ReadAscii(char character, int start)
    {
        if (char.IsAsciiLetterOrDigit(character))
        {
            AddToWord(character is >= 'A' and <= 'Z' ? (char)(character | 0x20) : character, start, start + 1);
        }
        else
        {
            Break();
        }
    }

    private void ReadFolded(string? folded, Rune character, int start, int end)
    {
        if (folded is null)
        {
            AddCharacter(character, start, end);
        }
        else if (folded.Length == 0)
        {
            _end = _end == start ? end : _end;
        }
        else
        {
            foreach (var part in folded.EnumerateRunes())
            {
                AddCharacter(part, start, end);
            }
        }
    }

    private void AddCharacter(Rune character, int start, int end)
    {
        if (Scripts.HasNoSpaces(character.Value) && Scripts.IsOfWord(character))
        {
            AddLetter(character.Value, start, end);
        }
        else if (Scripts.IsOfWord(character))
        {
            Span<char> utf16 = stackalloc char[2];
            foreach (var part in utf16[..character.EncodeToUtf16(utf16)])
            {
                AddToWord(part, start, end);
            }
        }
        else
        {
            Break();
        }
    }

    private void AddToWord(char part, int start, int end)
    {
        if (_letter != 0)
        {
            Break();
        }

        _start = _wordLength == 0 ? start : _start;
        _end = end;
        if (_wordLength < MaxUnit)
        {
            _word[_wordLength++] = part;
        }
    }

    private void AddLetter(int letter, int start, int end)
    {
        if (_letter != 0 && Folding.Compose(_letter, letter) is not 0 and var whole)
        {
            (_letter, _end) = (whole, end);
            return;
        }

        var isJoined = _letter != 0;
        Flush();
        (_letter, _start, _end, _isJoined) = (letter, start, end, isJoined);
    }

    /// <returns>The length of the whole sequence. With or without a variation selector or a skin tone it is the same emoji.</returns>
    private int ReadEmoji(string text, int start)
    {
        Break();
        var length = StringInfo.GetNextTextElementLength(text.AsSpan(start));
        var folded = 0;
        foreach (var part in text.AsSpan(start, Math.Min(length, MaxUnit)).EnumerateRunes())
        {
            if (part.Value is not (0xFE0E or 0xFE0F or (>= 0x1F3FB and <= 0x1F3FF)) && folded + part.Utf16SequenceLength <= MaxUnit)
            {
                folded += part.EncodeToUtf16(_word.AsSpan(folded));
            }
        }

        if (folded > 0)
        {
            Add(UnitKind.Emoji, _word.AsSpan(0, folded), start, start + length, false);
        }

        return length;
    }

    private void Break()
    {
        Flush();
        _isJoined = false;
    }

    private void Flush()
    {
        if (_wordLength > 0)
        {
            Add(UnitKind.Word, _word.AsSpan(0, _wordLength), _start, _end, false);
            _wordLength = 0;
        }
        else if (_letter != 0)
        {
            Span<char> utf16 = stackalloc char[2];
            Add(UnitKind.Letter, utf16[..new Rune(_letter).EncodeToUtf16(utf16)], _start, _end, _isJoined);
            _letter = 0;
        }
    }
}
