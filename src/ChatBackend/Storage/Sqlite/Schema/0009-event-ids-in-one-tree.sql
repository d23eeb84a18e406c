-- The ids of events in one tree: a table with rows beside its index held each id twice.
CREATE TABLE "event_ids_new" (
    "thread_key" INTEGER NOT NULL,
    "id" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    CONSTRAINT "PK_event_ids" PRIMARY KEY ("thread_key", "id"),
    CONSTRAINT "FK_event_ids_threads_thread_key" FOREIGN KEY ("thread_key") REFERENCES "threads" ("key") ON DELETE CASCADE
) WITHOUT ROWID;
INSERT INTO event_ids_new (thread_key, id, seq) SELECT thread_key, id, seq FROM event_ids ORDER BY thread_key, id;
DROP TABLE event_ids;
ALTER TABLE event_ids_new RENAME TO event_ids;
