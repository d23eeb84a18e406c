using System.Globalization;
using System.Text;

namespace ChatBackend.Search;

/// <summary>What kind of character one is to search, after folding.</summary>
internal static class Scripts
{
    // Han with its radicals and iteration marks, kana, bopomofo, Hangul, Thai, Lao, Khmer, Burmese and their neighbours.
    private static readonly (int First, int Last)[] WithoutSpaces =
    [
        (0x0E01, 0x0EFF), (0x1000, 0x109F), (0x1100, 0x11FF), (0x1780, 0x17FF), (0x1950, 0x19FF), (0x1A20, 0x1AAF), (0x2E80, 0x2FDF), (0x3005, 0x3007),
        (0x3021, 0x3029), (0x3040, 0x30FF), (0x3100, 0x312F), (0x31A0, 0x31BF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA000, 0xA4CF),
        (0xA960, 0xA97F), (0xA9E0, 0xA9FF), (0xAA60, 0xAADF), (0xAC00, 0xD7FF), (0xF900, 0xFAFF), (0x1AFF0, 0x1B16F), (0x20000, 0x3FFFF),
    ];

    // Pictures that are not letters in a box; line drawing is not among them.
    private static readonly (int First, int Last)[] Pictures =
        [(0x2190, 0x21FF), (0x2300, 0x23FF), (0x25A0, 0x27BF), (0x2900, 0x297F), (0x2B00, 0x2BFF), (0x1F000, 0x1FAFF)];

    /// <summary>Whether words of its script are not parted by spaces, so that what is looked for stands in the middle of a run.</summary>
    public static bool HasNoSpaces(int codePoint) => codePoint >= WithoutSpaces[0].First && Holds(WithoutSpaces, codePoint);

    public static bool IsEmoji(int codePoint) => codePoint >= Pictures[0].First && Holds(Pictures, codePoint);

    /// <summary>A letter, a digit, or a mark that belongs to one.</summary>
    public static bool IsOfWord(Rune character) => Rune.GetUnicodeCategory(character) is
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or
        UnicodeCategory.OtherLetter or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber or
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    private static bool Holds((int First, int Last)[] ranges, int codePoint)
    {
        foreach (var (first, last) in ranges)
        {
            if (codePoint <= last)
            {
                return codePoint >= first;
            }
        }

        return false;
    }
}
