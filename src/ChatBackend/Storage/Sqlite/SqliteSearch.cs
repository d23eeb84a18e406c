using System.Text;
using ChatBackend.Protocol;

namespace ChatBackend.Storage.Sqlite;

/// <summary>Full-text search (FTS5) over one user's texts.</summary>
internal static class SqliteSearch
{
    private const int MaxWords = 32;
    private const int ExcerptLead = 80;
    private const int MaxExcerpt = 240;

    // The owner's word in the index makes it fast, the comparison with the thread's owner makes it safe.
    private const string Best = """
        SELECT threads.id, texts.seq, texts.at, texts.text
        FROM search JOIN texts ON texts.key = search.rowid JOIN threads ON threads.key = texts.thread_key
        WHERE search MATCH ?1 AND threads.owner = ?2
        ORDER BY bm25(search, 1.0, 0.0), texts.key DESC LIMIT ?3
        """;

    // By row, which is by time: the index gives that order itself, and a page does not move when texts come.
    // Not by snippet(), whose cost grows with the square of how often the words stand in a text.
    private const string Newest = """
        SELECT threads.id, threads.title, texts.seq, texts.at, substr(texts.text, 1, 65536), search.rowid
        FROM search JOIN texts ON texts.key = search.rowid JOIN threads ON threads.key = texts.thread_key
        WHERE search MATCH ?1 AND search.rowid < ?2 AND threads.owner = ?3 AND threads.archived = ifnull(?4, threads.archived)
          AND texts.seq >= threads.history_begins
        ORDER BY search.rowid DESC LIMIT ?5
        """;

    public static IReadOnlyList<SearchHit> Search(SqliteReader log, UserId user, string query, int maxHits) =>
        MatchExpression(user, query) is not { } match
            ? []
            : log.List(
                Best,
                row => new SearchHit(
                    new ThreadId(row.Text(0)), row.Number(1), DateTimeOffset.FromUnixTimeMilliseconds(row.Number(2)), row.Text(3)),
                match, user.Value, maxHits);

    public static FoundPage Page(SqliteReader log, UserId user, string query, bool? isArchived, long? before, int max)
    {
        if (MatchExpression(user, query) is not { } match)
        {
            return new FoundPage([], null);
        }

        var rows = log.List(
            Newest,
            row => (Key: row.Number(5), Hit: new FoundText(
                new ThreadId(row.Text(0)), row.IsNull(1) ? null : row.Text(1), row.Number(2),
                DateTimeOffset.FromUnixTimeMilliseconds(row.Number(3)), Excerpt(row.Text(4), query))),
            match, before ?? long.MaxValue, user.Value, isArchived is { } archived ? archived : default(SqliteValue), max + 1);
        return new FoundPage([.. rows.Take(max).Select(row => row.Hit)], rows.Count > max ? rows[max - 1].Key : null);
    }

    /// <summary>What stands around the first word, in time linear in the text. Never half a surrogate pair.</summary>
    private static string Excerpt(string text, string query)
    {
        var first = query.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[0];
        var start = Math.Max(0, text.IndexOf(first, StringComparison.OrdinalIgnoreCase) - ExcerptLead);
        start += start > 0 && char.IsLowSurrogate(text[start]) ? 1 : 0;
        var end = Math.Min(text.Length, start + MaxExcerpt);
        end -= end < text.Length && char.IsHighSurrogate(text[end - 1]) ? 1 : 0;
        return $"{(start > 0 ? "…" : "")}{text[start..end]}{(end < text.Length ? "…" : "")}";
    }

    /// <summary>
    /// Each word of a person becomes a quoted string, in which FTS5 knows no operators; null when there is nothing to look for.
    /// A word needs a letter or digit, because one of which the tokenizer leaves nothing would match everything.
    /// </summary>
    internal static string? MatchExpression(UserId user, string query)
    {
        var words = query
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Where(word => word.Any(char.IsLetterOrDigit))
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Take(MaxWords)
            .Select(word => $"\"{word.Replace("\"", "\"\"", StringComparison.Ordinal).Replace("\0", "", StringComparison.Ordinal)}\"")
            .ToArray();
        return words.Length == 0
            ? null
            : $"owner_token : {Convert.ToHexString(Encoding.UTF8.GetBytes(user.Value))} AND text : ({string.Join(" AND ", words)})";
    }
}
