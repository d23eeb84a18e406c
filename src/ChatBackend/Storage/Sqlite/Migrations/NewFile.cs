namespace ChatBackend.Storage.Sqlite.Migrations;

/// <summary>
/// All migrations as one script, for a file that is new: EF would need more than a second for it, on every first start.
/// Written by <c>dotnet ef migrations script</c>; a test compares what it makes with what the migrations make.
/// </summary>
internal static class NewFile
{
    public const string Script = """
        CREATE TABLE IF NOT EXISTS "__EFMigrationsHistory" (
            "MigrationId" TEXT NOT NULL CONSTRAINT "PK___EFMigrationsHistory" PRIMARY KEY,
            "ProductVersion" TEXT NOT NULL
        );

        BEGIN TRANSACTION;
        CREATE TABLE "commands" (
            "user_id" TEXT NOT NULL,
            "id" TEXT NOT NULL,
            "digest" BLOB NOT NULL,
            "ack" BLOB NOT NULL,
            CONSTRAINT "PK_commands" PRIMARY KEY ("user_id", "id")
        );

        CREATE TABLE "threads" (
            "key" INTEGER NOT NULL CONSTRAINT "PK_threads" PRIMARY KEY,
            "id" TEXT NOT NULL,
            "owner" TEXT NOT NULL,
            "epoch" INTEGER NOT NULL,
            "head" INTEGER NOT NULL,
            "open_from" INTEGER NULL,
            "created_at" INTEGER NOT NULL,
            "updated_at" INTEGER NOT NULL
        );

        CREATE TABLE "events" (
            "thread_key" INTEGER NOT NULL,
            "seq" INTEGER NOT NULL,
            "json" BLOB NOT NULL,
            CONSTRAINT "PK_events" PRIMARY KEY ("thread_key", "seq"),
            CONSTRAINT "FK_events_threads_thread_key" FOREIGN KEY ("thread_key") REFERENCES "threads" ("key") ON DELETE CASCADE
        );

        CREATE TABLE "part_checkpoints" (
            "key" INTEGER NOT NULL CONSTRAINT "PK_part_checkpoints" PRIMARY KEY,
            "thread_key" INTEGER NOT NULL,
            "run_id" TEXT NOT NULL,
            "part_id" TEXT NOT NULL,
            "kind" TEXT NOT NULL,
            "offset" INTEGER NOT NULL,
            "text" TEXT NOT NULL,
            CONSTRAINT "FK_part_checkpoints_threads_thread_key" FOREIGN KEY ("thread_key") REFERENCES "threads" ("key") ON DELETE CASCADE
        );

        CREATE TABLE "texts" (
            "key" INTEGER NOT NULL CONSTRAINT "PK_texts" PRIMARY KEY,
            "thread_key" INTEGER NOT NULL,
            "seq" INTEGER NOT NULL,
            "at" INTEGER NOT NULL,
            "owner_token" TEXT NOT NULL,
            "text" TEXT NOT NULL,
            CONSTRAINT "FK_texts_threads_thread_key" FOREIGN KEY ("thread_key") REFERENCES "threads" ("key") ON DELETE CASCADE
        );

        CREATE INDEX "ix_part_checkpoints_thread_key" ON "part_checkpoints" ("thread_key");

        CREATE INDEX "ix_texts_thread_key" ON "texts" ("thread_key");

        CREATE INDEX "ix_threads_open" ON "threads" ("open_from") WHERE open_from IS NOT NULL;

        CREATE UNIQUE INDEX "ux_threads_id" ON "threads" ("id");

        CREATE VIRTUAL TABLE search USING fts5(text, owner_token, content='texts', content_rowid='key', tokenize='unicode61 remove_diacritics 2');
        CREATE TRIGGER texts_inserted AFTER INSERT ON texts BEGIN
            INSERT INTO search (rowid, text, owner_token) VALUES (new.key, new.text, new.owner_token);
        END;
        CREATE TRIGGER texts_deleted AFTER DELETE ON texts BEGIN
            INSERT INTO search (search, rowid, text, owner_token) VALUES ('delete', old.key, old.text, old.owner_token);
        END;

        CREATE TABLE store (id TEXT NOT NULL);
        INSERT INTO store (id) VALUES (lower(hex(randomblob(16))));

        INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
        VALUES ('20261123031320_Initial', '10.0.15');

        COMMIT;

        BEGIN TRANSACTION;
        DROP INDEX "ix_texts_thread_key";

        ALTER TABLE "threads" ADD "archived" INTEGER NOT NULL DEFAULT 0;

        ALTER TABLE "threads" ADD "deleted" INTEGER NOT NULL DEFAULT 0;

        ALTER TABLE "threads" ADD "history_begins" INTEGER NOT NULL DEFAULT 1;

        ALTER TABLE "threads" ADD "title" TEXT NULL;

        CREATE TABLE "event_ids" (
            "thread_key" INTEGER NOT NULL,
            "id" TEXT NOT NULL,
            "seq" INTEGER NOT NULL,
            CONSTRAINT "PK_event_ids" PRIMARY KEY ("thread_key", "id"),
            CONSTRAINT "FK_event_ids_threads_thread_key" FOREIGN KEY ("thread_key") REFERENCES "threads" ("key") ON DELETE CASCADE
        );

        CREATE INDEX "ix_threads_deleted" ON "threads" ("deleted") WHERE deleted <> 0;

        CREATE INDEX "ix_threads_owner" ON "threads" ("owner", "archived", "updated_at");

        CREATE INDEX "ix_texts_thread_seq" ON "texts" ("thread_key", "seq");

        INSERT OR IGNORE INTO event_ids (thread_key, id, seq)
        SELECT thread_key, ifnull(json_extract(CAST(json AS TEXT), '$.call_id'), json_extract(CAST(json AS TEXT), '$.message_id')), seq FROM events
        WHERE json_extract(CAST(json AS TEXT), '$.type') IN ('user_message', 'approval_required');

        INSERT INTO search (search, rank) VALUES ('secure-delete', 1);

        INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
        VALUES ('20261123065903_ThreadList', '10.0.15');

        COMMIT;

        BEGIN TRANSACTION;
        DROP TRIGGER texts_inserted;

        INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
        VALUES ('20261126040500_TextsWithCommit', '10.0.15');

        COMMIT;
        """;
}
