-- Lists of threads, deletion and retention; an event is found by the id of its message or call.
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

-- A message that an older version wrote is found like one that is new.
INSERT OR IGNORE INTO event_ids (thread_key, id, seq)
SELECT thread_key, ifnull(json_extract(CAST(json AS TEXT), '$.call_id'), json_extract(CAST(json AS TEXT), '$.message_id')), seq FROM events
WHERE json_extract(CAST(json AS TEXT), '$.type') IN ('user_message', 'approval_required');

-- A word that is deleted leaves the index itself, not only its results.
INSERT INTO search (search, rank) VALUES ('secure-delete', 1);
