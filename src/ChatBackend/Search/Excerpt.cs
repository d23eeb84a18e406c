using System.Globalization;

namespace ChatBackend.Search;

/// <summary>In UTF-16 units of the excerpt.</summary>
internal readonly record struct Highlight(int Start, int Length);

/// <summary>A bounded slice of a text around what was found, cut between grapheme clusters.</summary>
internal sealed record Excerpt(string Text, IReadOnlyList<Highlight> Highlights)
{
    private const int MaxLength = 240;
    private const int Lead = 60;
    private const int LookBack = 40;
    private const string Ellipsis = "…";

    /// <param name="hits">In the order of the text.</param>
    public static Excerpt Around(string text, IReadOnlyList<Hit> hits)
    {
        var start = StartBefore(text, Richest(hits));
        var end = EndAfter(text, start);
        var lead = start > 0 ? Ellipsis : "";
        var highlights = new List<Highlight>();
        var marked = start;
        foreach (var hit in hits)
        {
            if (hit.Start >= marked && hit.End <= end)
            {
                highlights.Add(new Highlight(lead.Length + hit.Start - start, hit.End - hit.Start));
                marked = hit.End;
            }
        }

        return new Excerpt($"{lead}{text.AsSpan(start, end - start)}{(end < text.Length ? Ellipsis : "")}", highlights);
    }

    /// <summary>The start of the first stretch with the most different words in it.</summary>
    private static int Richest(IReadOnlyList<Hit> hits)
    {
        var inStretch = new Dictionary<int, int>();
        var (best, most, last) = (0, 0, 0);
        for (var first = 0; first < hits.Count; first++)
        {
            for (; last < hits.Count && hits[last].End <= hits[first].Start + MaxLength - Lead; last++)
            {
                inStretch[hits[last].Word] = inStretch.GetValueOrDefault(hits[last].Word) + 1;
            }

            if (inStretch.Count > most)
            {
                (best, most) = (first, inStretch.Count);
            }

            if (first < last && --inStretch[hits[first].Word] == 0)
            {
                inStretch.Remove(hits[first].Word);
            }

            last = Math.Max(last, first + 1);
        }

        return hits.Count == 0 ? 0 : hits[best].Start;
    }

    private static int StartBefore(string text, int hit)
    {
        if (hit <= Lead)
        {
            return 0;
        }

        // After a blank a cluster begins for certain; without one near, at the first cluster's end from there.
        var from = hit - Lead;
        var blank = text.AsSpan(from, LookBack).IndexOfAny(' ', '\n', '\t');
        if (blank >= 0)
        {
            return from + blank + 1;
        }

        from += char.IsLowSurrogate(text[from]) ? 1 : 0;
        return Math.Min(hit, from + StringInfo.GetNextTextElementLength(text.AsSpan(from, hit - from)));
    }

    private static int EndAfter(string text, int start)
    {
        var limit = Math.Min(text.Length, start + MaxLength);
        if (limit == text.Length)
        {
            return limit;
        }

        var end = start;
        // One cluster may be longer than an excerpt; what is looked at stays bounded.
        var rest = text.AsSpan(start, Math.Min(text.Length - start, 2 * MaxLength));
        while (end < limit && StringInfo.GetNextTextElementLength(rest[(end - start)..]) is var length && end + length <= limit)
        {
            end += length;
        }

        return end > start ? end : limit - (char.IsHighSurrogate(text[limit - 1]) ? 1 : 0);
    }
}
