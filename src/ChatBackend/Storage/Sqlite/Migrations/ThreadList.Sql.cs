namespace ChatBackend.Storage.Sqlite.Migrations;

/// <summary>What EF has no words for.</summary>
internal sealed partial class ThreadList
{
    // Of what an older version wrote: a message that is there must be found like one that is new.
    private const string EventIds = """
        INSERT OR IGNORE INTO event_ids (thread_key, id, seq)
        SELECT thread_key, ifnull(json_extract(CAST(json AS TEXT), '$.call_id'), json_extract(CAST(json AS TEXT), '$.message_id')), seq FROM events
        WHERE json_extract(CAST(json AS TEXT), '$.type') IN ('user_message', 'approval_required');
        """;

    // A word that is deleted leaves the index itself, not only its results.
    private const string SecureDelete = """
        INSERT INTO search (search, rank) VALUES ('secure-delete', 1);
        """;
}
