using System.Globalization;
using System.Text.RegularExpressions;
using ChatBackend.Agents.Endpoints;

namespace ChatBackend.Agents;

/// <summary>What a model says that refuses a request for its length.</summary>
/// <param name="Limit">How many tokens it takes; null when it does not say.</param>
/// <param name="Asked">How many the request had; null when it does not say.</param>
internal sealed partial record ContextRefusal(int? Limit, int? Asked)
{
    private const int Least = 256; // tokens: smaller numbers are statuses, versions and counts of messages

    /// <returns>Null when the request was not refused for its length.</returns>
    public static ContextRefusal? Of(Exception thrown) => thrown switch
    {
        ModelException { Kind: ModelErrorKind.ContextTooLong } => Read(thrown.Message),
        ModelException => null,
        // Clients of other makers tell the status of the answer in a property.
        _ when thrown.GetType().GetProperty("Status")?.GetValue(thrown) is 400 or 413 && ModelErrors.IsTooLong(thrown.Message) => Read(thrown.Message),
        _ => null,
    };

    public static ContextRefusal Read(string said)
    {
        var limit = new[] { After(), Context(), Before(), Maximum(), AtMost() }
            .Select(form => form.Matches(said).Select(NumberIn).FirstOrDefault(number => number is not null)).FirstOrDefault(number => number is not null);
        int? asked = limit is null ? null : Requested().Matches(said).Select(NumberIn).Where(number => number > limit).Max();
        return new ContextRefusal(limit, asked);
    }

    private static int? NumberIn(Match match) =>
        int.TryParse(match.Groups["n"].Value.Replace(",", "", StringComparison.Ordinal), CultureInfo.InvariantCulture, out var number) && number >= Least ? number : null;

    // 210000 tokens > 200000 maximum | 190000 + 20000 > 200000
    [GeneratedRegex(@"\s> ?(?<n>\d[\d,]*)", RegexOptions.CultureInvariant)]
    private static partial Regex After();

    // maximum context length is 8192 | the available context size (8192 tokens) | context length of only 4096
    [GeneratedRegex(@"context (length|size|window|limit)[^\d]{0,40}?(?<n>\d[\d,]*)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Context();

    // too large for model with 32768 maximum context length
    [GeneratedRegex(@"(?<n>\d[\d,]*) (tokens? )?(maximum|max)\b", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Before();

    // maximum prompt length is 131072 | the maximum number of tokens allowed (1048576)
    [GeneratedRegex(@"\bmaximum[^\d]{0,40}?(?<n>\d[\d,]*)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Maximum();

    // cannot exceed 4081 | must be <= 4097 | token limit of 4096 | only 4096 tokens
    [GeneratedRegex(@"(exceeds?|<=|limit|only)( is| of|:)? ?(?<n>\d[\d,]*)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex AtMost();

    // resulted in 9000 tokens | has 9000 input tokens | token count (1200000) | received 5000 | the request contains 537812
    [GeneratedRegex(@"(?<n>\d[\d,]*) (input |prompt |total |`inputs` )?tokens|(count|received|given|contains|requested|about|length)[ :(]{1,3}(?<n>\d[\d,]*)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Requested();
}
