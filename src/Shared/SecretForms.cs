using System.Text.Encodings.Web;

namespace ChatBackend;

/// <summary>Takes secrets out of text that others wrote: who is given one may repeat it anywhere, as it is, in JSON or in a URL. Compiled into the library and into its package for MCP.</summary>
internal static class SecretForms
{
    public const string Mask = "***";

    private const int LeastLength = 6; // characters; shorter ones are words of the language

    /// <summary>How the secrets may stand in a text; the longest first, so that one within another leaves no rest.</summary>
    public static string[] Of(IEnumerable<string> secrets) =>
    [
        .. secrets.SelectMany(secret => new[] { secret, Uri.EscapeDataString(secret), JavaScriptEncoder.Default.Encode(secret), JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(secret) })
            .Where(form => form.Length >= LeastLength)
            .Distinct()
            .OrderByDescending(form => form.Length),
    ];

    public static string TakeOut(IReadOnlyList<string> forms, string text)
    {
        foreach (var form in forms)
        {
            text = text.Contains(form, StringComparison.Ordinal) ? text.Replace(form, Mask, StringComparison.Ordinal) : text;
        }

        return text;
    }
}
