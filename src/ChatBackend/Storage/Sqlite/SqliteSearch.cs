using System.Text;
using ChatBackend.Protocol;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage.Sqlite;

/// <summary>Full-text search (FTS5) over one user's texts.</summary>
internal static class SqliteSearch
{
    private const int MaxWords = 32;

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
