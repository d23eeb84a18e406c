namespace ChatBackend.Storage.Sqlite.Migrations;

/// <summary>What EF has no words for.</summary>
internal sealed partial class Initial
{
    // Triggers keep the index in step with its table, also when a thread is deleted and its texts go by cascade.
    private const string SearchIndex = """
        CREATE VIRTUAL TABLE search USING fts5(text, owner_token, content='texts', content_rowid='key', tokenize='unicode61 remove_diacritics 2');
        CREATE TRIGGER texts_inserted AFTER INSERT ON texts BEGIN
            INSERT INTO search (rowid, text, owner_token) VALUES (new.key, new.text, new.owner_token);
        END;
        CREATE TRIGGER texts_deleted AFTER DELETE ON texts BEGIN
            INSERT INTO search (search, rowid, text, owner_token) VALUES ('delete', old.key, old.text, old.owner_token);
        END;
        """;

    // A file that appears in the place of a lost one is taken for the log only if it is the same log.
    private const string StoreIdentity = """
        CREATE TABLE store (id TEXT NOT NULL);
        INSERT INTO store (id) VALUES (lower(hex(randomblob(16))));
        """;
}
