using System.Globalization;
using System.Text;

namespace ChatBackend.Threads.Titles;

/// <summary>
/// A title as it may stand in a list: on one line, without characters that are not seen or that turn the text around them. Joiners stay where
/// scripts and emoji need them.
/// </summary>
internal static class TitleText
{
    private const int ZeroWidthNonJoiner = 0x200C;
    private const int ZeroWidthJoiner = 0x200D;
    private const int BlackFlag = 0x1F3F4;

    /// <returns>Empty when there is nothing to be seen.</returns>
    public static string Clean(ReadOnlySpan<char> text)
    {
        var cleaned = new StringBuilder(text.Length);
        var (previous, isSeen, joiner, isTagged) = (default(Rune), false, default(Rune?), false);
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsGap(rune))
            {
                joiner = null;
                previous = default;
                if (cleaned is { Length: > 0 } && cleaned[^1] != ' ')
                {
                    cleaned.Append(' ');
                }

                continue;
            }

            if (rune.Value is ZeroWidthJoiner or ZeroWidthNonJoiner)
            {
                joiner = previous == default ? null : rune; // between two characters only
                continue;
            }

            isTagged = rune.Value == BlackFlag || (isTagged && IsTag(rune));
            if (IsUnseen(rune) && !(isTagged && IsTag(rune)))
            {
                continue;
            }

            if (joiner is { } joins)
            {
                cleaned.Append(joins.ToString());
                joiner = null;
            }

            cleaned.Append(rune.ToString());
            isSeen |= !IsMark(rune);
            previous = rune;
        }

        return isSeen ? cleaned.ToString().TrimEnd() : "";
    }

    private static bool IsGap(Rune rune) => Rune.IsWhiteSpace(rune) || Rune.IsControl(rune);

    /// <summary>Format characters but those that are drawn, and letters and marks that are blank.</summary>
    private static bool IsUnseen(Rune rune) => rune.Value switch
    {
        (>= 0x0600 and <= 0x0605) or 0x06DD or 0x070F or 0x08E2 or 0x110BD or 0x110CD => false,
        0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or 0x2800 or 0x3164 or 0xFFA0 or (>= 0xE0000 and <= 0xE0FFF) => true,
        _ => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format,
    };

    private static bool IsTag(Rune rune) => rune.Value is >= 0xE0020 and <= 0xE007F;

    private static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format;
}
