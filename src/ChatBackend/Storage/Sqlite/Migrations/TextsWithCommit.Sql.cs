namespace ChatBackend.Storage.Sqlite.Migrations;

/// <summary>What EF has no words for.</summary>
internal sealed partial class TextsWithCommit
{
    // As the first version had it. The append path does this itself: see SqliteTexts.
    private const string TextsInserted = """
        CREATE TRIGGER texts_inserted AFTER INSERT ON texts BEGIN
            INSERT INTO search (rowid, text, owner_token) VALUES (new.key, new.text, new.owner_token);
        END;
        """;
}
