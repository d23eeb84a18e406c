using ChatBackend.Protocol;
using ChatBackend.Search;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ChatBackend.Storage.Sqlite;

/// <summary>
/// The search index in a file of its own, <c>search.db</c>: derived from the log, which it follows by a cursor, and at any time made again from it.
/// It holds no text, only which events have which terms. Its commits are not synced: what a power cut takes is indexed again.
/// </summary>
internal sealed class SqliteSearchIndex(string path) : IDisposable
{
    /// <summary>To be raised with everything that changes the terms of a text, and with the schema below.</summary>
    public const long Version = 1;

    private const string Pragmas = """
        PRAGMA busy_timeout = 2000;
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = OFF;
        PRAGMA secure_delete = ON;
        PRAGMA temp_store = MEMORY;
        PRAGMA journal_size_limit = 16777216;
        """;

    // No columns to ask for, no positions: what stands beside what is looked at in the text itself. A word that is deleted leaves the file.
    private const string Schema = """
        CREATE TABLE state (log_id TEXT NOT NULL, row INTEGER NOT NULL, reuse INTEGER NOT NULL);
        CREATE VIRTUAL TABLE texts USING fts5(terms, content='', detail=none, tokenize='ascii');
        INSERT INTO texts (texts, rank) VALUES ('secure-delete', 1);
        """;

    private readonly Lock _gate = new();
    private readonly Lock _idleGate = new();
    private readonly Stack<SqliteReadConnection> _idle = [];
    private readonly IndexTerms _terms = new();
    private SqliteReadConnection? _writer;
    private bool _hasForgotten;

    private SqliteReadConnection Writer => _writer ?? throw new InvalidOperationException("The search index is not open.");

    /// <summary>Whether it is open, and the file still is where it was.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_gate)
            {
                return _writer is { HasMoved: false };
            }
        }
    }

    /// <summary>Opens the file, or makes one for this log in the place of one that is missing, damaged, or of another log or version.</summary>
    /// <returns>Where it stands, and why it has to be made again, if it has.</returns>
    public (SearchCursor Cursor, string? Rebuilt) Open(string logId)
    {
        lock (_gate)
        {
            Close();
            var reason = File.Exists(path) ? TryOpen(logId) : "there was none";
            if (reason is not null)
            {
                Close();
                DeleteFiles();
                Create(logId);
            }

            return (_writer!.First("SELECT row, reuse FROM state", row => new SearchCursor(row.GetInt64(0), row.GetInt64(1))), reason);
        }
    }

    /// <summary>Puts in what lies between two cursors, all or nothing.</summary>
    public void Add(IReadOnlyList<SearchableText> texts, SearchCursor next)
    {
        lock (_gate)
        {
            var owners = new OwnerTerms();
            InTransaction(writer =>
            {
                foreach (var text in texts)
                {
                    if (_terms.Of(text.Text) is { Length: > 0 } terms)
                    {
                        writer.Execute("INSERT INTO texts (rowid, terms) VALUES (?1, ?2)", text.Row, $"{owners.Of(text.Owner)} {terms}");
                    }
                }

                writer.Execute("UPDATE state SET row = ?1, reuse = ?2", next.Row, next.Reuse);
            });
        }
    }

    /// <summary>Takes out what is in it of these texts, durably; with none left of what was to go, also out of the write-ahead log.</summary>
    public void Forget(IReadOnlyList<SearchableText> texts)
    {
        lock (_gate)
        {
            if (texts.Count == 0 && !_hasForgotten)
            {
                return;
            }

            Writer.Execute("PRAGMA synchronous = FULL");
            var owners = new OwnerTerms();
            InTransaction(writer =>
            {
                foreach (var text in texts)
                {
                    // Only what is in the index may be taken out of it.
                    if (writer.First("SELECT 1 FROM texts_docsize WHERE id = ?1", row => row.GetBoolean(0), text.Row))
                    {
                        writer.Execute(
                            "INSERT INTO texts (texts, rowid, terms) VALUES ('delete', ?1, ?2)", text.Row, $"{owners.Of(text.Owner)} {_terms.Of(text.Text)}");
                        _hasForgotten = true;
                    }
                }
            });
            if (texts.Count == 0)
            {
                // Held up by a search that is at work, it is done the next time.
                _hasForgotten = Writer.First("PRAGMA wal_checkpoint(TRUNCATE)", row => row.GetBoolean(0));
            }

            Writer.Execute("PRAGMA synchronous = OFF");
        }
    }

    /// <summary>Rowids of events with all the terms, newest first.</summary>
    /// <param name="top">The greatest rowid that counts.</param>
    public IReadOnlyList<long> Find(UserId owner, SearchQuery query, long top, int max, ReadLimit limit)
    {
        var reader = TakeReader();
        try
        {
            reader.Limit = limit;
            var match = $"\"{new OwnerTerms().Of(owner)}\" AND {string.Join(" AND ", query.Terms.Select(term => $"\"{term}\""))}";
            var rows = reader.List(
                "SELECT rowid FROM texts WHERE texts MATCH ?1 AND rowid <= ?2 ORDER BY rowid DESC LIMIT ?3", row => row.GetInt64(0), match, top, max);
            GiveBack(reader);
            return rows;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Lets go of the file; <see cref="Open"/> looks at it again.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _writer?.Dispose();
            _writer = null;
        }

        lock (_idleGate)
        {
            while (_idle.TryPop(out var reader))
            {
                reader.Dispose();
            }
        }
    }

    /// <summary>Throws the index away. <see cref="Open"/> makes another.</summary>
    public void Delete()
    {
        lock (_gate)
        {
            Close();
            DeleteFiles();
        }
    }

    public void Dispose() => Close();

    /// <returns>Why it cannot be used; null when it can.</returns>
    private string? TryOpen(string logId)
    {
        try
        {
            _writer = new SqliteReadConnection(Connect());
            if (_writer.First("PRAGMA user_version", row => row.GetInt64(0)) != Version)
            {
                return "it was of another version";
            }

            if (_writer.First("SELECT log_id FROM state", row => row.GetString(0)) != logId)
            {
                return "it was of another log";
            }

            if (_writer.First("PRAGMA quick_check(1)", row => row.GetString(0)) != "ok")
            {
                return "it was damaged";
            }

            _writer.Execute("INSERT INTO texts (texts) VALUES ('integrity-check')");
            return null;
        }
        catch (SqliteException ex) when (ex.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB or raw.SQLITE_ERROR)
        {
            return "it was damaged";
        }
    }

    private void Create(string logId)
    {
        // SQLite would let others read it; what lies beside it takes its mode from it.
        DurableFile.Create(path).Dispose();
        var connection = Connect();
        _writer = new SqliteReadConnection(connection);
        InTransaction(writer =>
        {
            connection.Execute(Schema);
            writer.Execute("INSERT INTO state VALUES (?1, 0, 0)", logId);
            writer.Execute($"PRAGMA user_version = {Version}");
        });
    }

    private void InTransaction(Action<SqliteReadConnection> write)
    {
        var writer = Writer;
        writer.Execute("BEGIN IMMEDIATE");
        try
        {
            write(writer);
            writer.Execute("COMMIT");
        }
        catch
        {
            // The connection may be in any state; opened again it is in that of the last commit.
            Close();
            throw;
        }
    }

    private SqliteReadConnection TakeReader()
    {
        lock (_idleGate)
        {
            while (_idle.TryPop(out var idle))
            {
                if (!idle.HasMoved)
                {
                    return idle;
                }

                idle.Dispose();
            }
        }

        return new SqliteReadConnection(Connect());
    }

    private void GiveBack(SqliteReadConnection reader)
    {
        lock (_idleGate)
        {
            if (!reader.HasMoved)
            {
                _idle.Push(reader);
                return;
            }
        }

        reader.Dispose();
    }

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, Pooling = false, DefaultTimeout = 1 }.ToString());
        try
        {
            connection.Open();
            connection.Execute(Pragmas);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void DeleteFiles()
    {
        File.Delete(path);
        File.Delete($"{path}-wal");
        File.Delete($"{path}-shm");
    }
}
