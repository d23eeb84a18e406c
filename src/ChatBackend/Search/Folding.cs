using System.Globalization;
using System.Text;

namespace ChatBackend.Search;

/// <summary>
/// What search makes of a character: compatibility decomposition (NFKD), full case folding, and accents, points and vowel marks dropped, from the table
/// in <c>folding.txt</c>. A table of our own, because the runtime's normalisation does nothing without ICU, which this server does not need otherwise.
/// </summary>
internal static class Folding
{
    private const int PageSize = 256;

    private const int HangulBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TailBase = 0x11A7;
    private const int Leads = 19;
    private const int Vowels = 21;
    private const int Tails = 28;

    private static readonly string?[]?[] Pages = new string?[]?[0x110000 / PageSize];
    private static readonly Dictionary<(int First, int Second), int> Pairs = [];

    static Folding()
    {
        using var reader = new StreamReader(typeof(Folding).Assembly.GetManifestResourceStream("folding.txt")!);
        while (reader.ReadLine() is { } line)
        {
            if (line.Split('\t') is not [var from, var to])
            {
                continue; // the comment
            }

            if (from.Split(' ') is [var first, var second])
            {
                Pairs[(Code(first), Code(second))] = to[0];
            }
            else
            {
                (Pages[Code(from) / PageSize] ??= new string?[PageSize])[Code(from) % PageSize] = to;
            }
        }
    }

    /// <returns>What the character becomes, which may be nothing or several; null when it stays as it is. ASCII is not asked about.</returns>
    public static string? Of(Rune character) => Pages[character.Value / PageSize]?[character.Value % PageSize];

    /// <summary>The letter that two code points in a row make, of kana and Hangul, whose marks tell letters apart; 0 when they make none.</summary>
    public static int Compose(int first, int second)
    {
        if (first - LeadBase is >= 0 and < Leads and var lead && second - VowelBase is >= 0 and < Vowels and var vowel)
        {
            return HangulBase + (((lead * Vowels) + vowel) * Tails);
        }

        if (first - HangulBase is >= 0 and < Leads * Vowels * Tails and var syllable && syllable % Tails == 0 && second - TailBase is > 0 and < Tails and var tail)
        {
            return first + tail;
        }

        return Pairs.GetValueOrDefault((first, second));
    }

    private static int Code(string hex) => int.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
