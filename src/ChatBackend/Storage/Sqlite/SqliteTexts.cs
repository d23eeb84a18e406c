using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage.Sqlite;

/// <param name="OwnerToken">A single word in the index that stands for the owner, so that a search reads only this owner's texts.</param>
internal readonly record struct SearchText(long ThreadKey, long Seq, long At, string OwnerToken, string Text);

/// <summary>
/// What a search finds, put in at the end of the transaction. FTS5 gathers words in memory, and writes them down as a segment of its own
/// whenever a statement begins that might have to be undone alone: among the appends there would be a segment for each text,
/// and four times as many to merge.
/// </summary>
internal sealed class SqliteTexts(SqliteConnection connection) : IDisposable
{
    private readonly SqliteStatement _add = new(connection, """
        INSERT INTO texts (thread_key, seq, at, owner_token, text) VALUES (?1, ?2, ?3, ?4, ?5)
        """);

    // Not by a trigger: with one, each text would be such a statement.
    private readonly SqliteStatement _index = new(connection, "INSERT INTO search (rowid, text, owner_token) VALUES (last_insert_rowid(), ?1, ?2)");

    private readonly List<SearchText> _waiting = [];

    public void AddBeforeCommit(SearchText text) => _waiting.Add(text);

    public void Add()
    {
        foreach (var (thread, seq, at, owner, text) in _waiting)
        {
            _add.Execute(thread, seq, at, owner, text);
            _index.Execute(text, owner);
        }

        _waiting.Clear();
    }

    /// <summary>Of a transaction that failed.</summary>
    public void Forget() => _waiting.Clear();

    public void Dispose()
    {
        _add.Dispose();
        _index.Dispose();
    }
}
