using System.Text;
using ChatBackend.Protocol;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage.Sqlite;

/// <summary>Full-text search (FTS5) over one user's texts.</summary>
internal static class SqliteSearch
{
    private const int MaxWords = 32;
    private const int ExcerptWords = 24;

    public static async Task<IReadOnlyList<SearchHit>> SearchAsync(
        SqliteConnection log, UserId user, string query, int maxHits, CancellationToken cancellationToken)
    {
        if (MatchExpression(user, query) is not { } match)
        {
            return [];
        }

        // The owner's word in the index makes it fast, the comparison with the thread's owner makes it safe.
        return await log.QueryAsync(
            """
            SELECT threads.id, texts.seq, texts.at, texts.text
            FROM search JOIN texts ON texts.key = search.rowid JOIN threads ON threads.key = texts.thread_key
            WHERE search MATCH @match AND threads.owner = @user
            ORDER BY bm25(search, 1.0, 0.0), texts.key DESC LIMIT @max
            """,
            row => new SearchHit(
                new ThreadId(row.GetString(0)), row.GetInt64(1), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(2)), row.GetString(3)),
            cancellationToken,
            ("@match", match), ("@user", user.Value), ("@max", maxHits)).ToListAsync(cancellationToken);
    }

    public static async Task<FoundPage> PageAsync(
        SqliteConnection log, UserId user, string query, bool? isArchived, long? before, int max, CancellationToken cancellationToken)
    {
        if (MatchExpression(user, query) is not { } match)
        {
            return new FoundPage([], null);
        }

        // By row, which is by time: the index gives that order itself, and a page does not move when texts come.
        var rows = await log.QueryAsync(
            $"""
            SELECT threads.id, threads.title, texts.seq, texts.at, snippet(search, 0, '', '', '…', {ExcerptWords}), search.rowid
            FROM search JOIN texts ON texts.key = search.rowid JOIN threads ON threads.key = texts.thread_key
            WHERE search MATCH @match AND search.rowid < @before AND threads.owner = @user AND threads.archived = ifnull(@archived, threads.archived)
              AND texts.seq >= threads.history_begins
            ORDER BY search.rowid DESC LIMIT @max
            """,
            row => (Key: row.GetInt64(5), Hit: new FoundText(
                new ThreadId(row.GetString(0)), row.IsDBNull(1) ? null : row.GetString(1), row.GetInt64(2),
                DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(3)), row.GetString(4))),
            cancellationToken,
            ("@match", match), ("@user", user.Value), ("@archived", isArchived is { } archived ? archived : DBNull.Value),
            ("@before", before ?? long.MaxValue), ("@max", max + 1)).ToListAsync(cancellationToken);
        return new FoundPage([.. rows.Take(max).Select(row => row.Hit)], rows.Count > max ? rows[max - 1].Key : null);
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
            .Take(MaxWords)
            .Select(word => $"\"{word.Replace("\"", "\"\"", StringComparison.Ordinal).Replace("\0", "", StringComparison.Ordinal)}\"")
            .ToArray();
        return words.Length == 0
            ? null
            : $"owner_token : {Convert.ToHexString(Encoding.UTF8.GetBytes(user.Value))} AND text : ({string.Join(" AND ", words)})";
    }
}
