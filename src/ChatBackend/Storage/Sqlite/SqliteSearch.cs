using System.Text;
using ChatBackend.Protocol;
using Microsoft.EntityFrameworkCore;

namespace ChatBackend.Storage.Sqlite;

/// <summary>Full-text search (FTS5) over one user's texts.</summary>
internal static class SqliteSearch
{
    private const int MaxWords = 32;

    public static async Task<IReadOnlyList<SearchHit>> SearchAsync(
        SqliteLogContext log, UserId user, string query, int maxHits, CancellationToken cancellationToken)
    {
        if (MatchExpression(user, query) is not { } match)
        {
            return [];
        }

        // The owner's word in the index makes it fast, the comparison with the thread's owner makes it safe.
        var rows = await log.Database.SqlQuery<Row>($"""
            SELECT threads.id AS Thread, texts.seq AS Seq, texts.at AS At, texts.text AS Text
            FROM search JOIN texts ON texts.key = search.rowid JOIN threads ON threads.key = texts.thread_key
            WHERE search MATCH {match} AND threads.owner = {user.Value}
            ORDER BY bm25(search, 1.0, 0.0), texts.key DESC LIMIT {maxHits}
            """).ToListAsync(cancellationToken);
        return [.. rows.Select(row => new SearchHit(new ThreadId(row.Thread), row.Seq, DateTimeOffset.FromUnixTimeMilliseconds(row.At), row.Text))];
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

    private sealed class Row
    {
        public required string Thread { get; init; }

        public long Seq { get; init; }

        public long At { get; init; }

        public required string Text { get; init; }
    }
}
