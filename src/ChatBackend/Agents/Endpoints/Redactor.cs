using System.Text.RegularExpressions;

namespace ChatBackend.Agents.Endpoints;

/// <summary>Takes out of what an endpoint sent what must not stand in a log: keys, and what people wrote. Endpoints repeat both in their errors.</summary>
/// <param name="secrets">Keys and header values that were sent, in all their forms.</param>
/// <param name="conversation">The texts that were sent.</param>
internal sealed partial class Redactor(IReadOnlyList<string> secrets, IReadOnlyCollection<string> conversation)
{
    private const int LeastRepeated = 12; // characters; shorter repetitions are words of the language

    /// <summary>What looks like a key, where none is known.</summary>
    public static string WithoutKeys(string text) => KeyLike().Replace(text, SecretForms.Mask);

    public string Redact(string text) => WithoutConversation(WithoutKeys(SecretForms.TakeOut(secrets, text)));

    private string WithoutConversation(string text)
    {
        for (var at = 0; at + LeastRepeated <= text.Length; at++)
        {
            var length = RepeatedAt(text, at);
            if (length > 0)
            {
                text = string.Concat(text.AsSpan(0, at), SecretForms.Mask, text.AsSpan(at + length));
                at += SecretForms.Mask.Length - 1;
            }
        }

        return text;
    }

    // How many characters from there on stand in one of the texts.
    private int RepeatedAt(string text, int at)
    {
        var longest = 0;
        foreach (var said in conversation)
        {
            var length = LeastRepeated;
            while (at + length <= text.Length && said.Contains(text.AsSpan(at, length).ToString(), StringComparison.Ordinal))
            {
                longest = Math.Max(longest, length++);
            }
        }

        return longest;
    }

    [GeneratedRegex(@"\b(sk|pk|gsk|xai|key|AIza)[-_]?[A-Za-z0-9_\-]{12,}|(?i:bearer\s+|api[-_ ]?key[""']?\s*[:=]\s*[""']?)[A-Za-z0-9_\-\.~+/]{8,}=*")]
    private static partial Regex KeyLike();
}
