using System.Text.RegularExpressions;

namespace ChatBackend.Demo;

/// <summary>What a message asks for, as far as a handful of phrases can tell: one tool with one argument.</summary>
internal sealed partial record DemoIntent(string Tool, string Parameter, string Value)
{
    /// <summary>The tool of the library.</summary>
    public const string SearchThreads = "search_threads";

    // Longer messages are not such a phrase; the bound also keeps the patterns cheap.
    private const int MaxLength = 300;

    /// <returns>Null when the message is none of the phrases.</returns>
    public static DemoIntent? Of(string message)
    {
        if (message.Length > MaxLength)
        {
            return null;
        }

        var text = Closing().Replace(Opening().Replace(message.Trim(), ""), "");
        if (Search().Match(text) is { Success: true } search)
        {
            return new DemoIntent(SearchThreads, "query", search.Groups["query"].Value.Trim('"', '\'', '“', '”', ' '));
        }

        if (Time().Match(text) is { Success: true } time)
        {
            var place = time.Groups["place"].Value.Trim();
            return new DemoIntent(ClockTool.Name, "place", place.Length > 0 ? place : "UTC");
        }

        return SumIn(text) is { } sum ? new DemoIntent(CalculatorTool.Name, "expression", sum) : null;
    }

    private static string? SumIn(string text)
    {
        if (SumAsked().Match(text) is not { Success: true } asked)
        {
            return null;
        }

        var sum = asked.Groups["sum"].Value.TrimEnd(' ', '=');
        foreach (var (words, sign) in Signs)
        {
            sum = sum.Replace(words, sign, StringComparison.OrdinalIgnoreCase);
        }

        return Sum().IsMatch(sum) ? sum : null;
    }

    private static readonly (string Words, string Sign)[] Signs =
    [
        (" multiplied by ", " * "), (" divided by ", " / "), (" to the power of ", " ^ "),
        (" times ", " * "), (" plus ", " + "), (" minus ", " - "), (" mod ", " % "), (" x ", " * "), (" squared", "^2"), (" cubed", "^3"),
    ];

    [GeneratedRegex(@"^(?:(?:hi|hello|hey|please|ok|okay|so|now|and|tell me|do you know|(?:can|could|would|will) you(?: please)?|i(?:'d| would) like to know)\b[\s,.!]*)+", RegexOptions.IgnoreCase)]
    private static partial Regex Opening();

    [GeneratedRegex(@"(?:[\s,?.!]|\b(?:please|thanks|thank you|right now|now|today|currently|at the moment)(?=[\s,?.!]*$))+$", RegexOptions.IgnoreCase)]
    private static partial Regex Closing();

    [GeneratedRegex(@"^(?:search|find|look for|look up)\b(?:\s+(?:through|in|all|my|the|threads?|messages?|chats?|conversations?|for)\b)*[\s:]+(?<query>.+)$", RegexOptions.IgnoreCase)]
    private static partial Regex Search();

    [GeneratedRegex(@"^(?:what(?:['’]?s| is)?|give me|show(?: me)?)?\s*(?:(?:the|current|local|exact|today['’]s)\s+)*(?:time|date|day|weekday|how late)\b(?:\s+(?:is it|it is|is today))?(?:\s+(?:right now|now|today|currently))?(?:\s+(?:in|at|for)\s+(?<place>.+)|\s+(?<place>\S+/\S+))?$", RegexOptions.IgnoreCase)]
    private static partial Regex Time();

    [GeneratedRegex(@"^(?:what(?:['’]?s| is| are)?|how much (?:is|are)|calculate|compute|evaluate|work out|solve)?[\s:]*(?<sum>[-−+(.0-9].*)$", RegexOptions.IgnoreCase)]
    private static partial Regex SumAsked();

    // A digit, later an operator with something on either side, and nothing else than belongs to a sum.
    [GeneratedRegex(@"^(?=.*[0-9])(?=\s*\S.*[-−+*×·/÷%^])[-−+*×·/÷%^().0-9\s]+$")]
    private static partial Regex Sum();
}
