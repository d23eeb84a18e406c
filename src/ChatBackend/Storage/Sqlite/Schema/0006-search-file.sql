-- The full-text index becomes a file of its own, search.db, derived from the events; a text is stored once.
PRAGMA secure_delete = ON;
DROP TRIGGER texts_deleted;
DROP TABLE search;
DROP TABLE texts;

-- Messages between the two are replaced, with what answers them; of a message that was taken back, the places beside it.
CREATE TABLE "replaced" (
    "thread_key" INTEGER NOT NULL,
    "after_seq" INTEGER NOT NULL,
    "before_seq" INTEGER NOT NULL,
    CONSTRAINT "PK_replaced" PRIMARY KEY ("thread_key", "after_seq", "before_seq"),
    CONSTRAINT "FK_replaced_threads_thread_key" FOREIGN KEY ("thread_key") REFERENCES "threads" ("key") ON DELETE CASCADE
) WITHOUT ROWID;

INSERT OR IGNORE INTO replaced (thread_key, after_seq, before_seq)
SELECT thread_key, json_extract(CAST(json AS TEXT), '$.to_seq'), seq FROM events
WHERE CAST(substr(json, 1, 24) AS TEXT) = '{"type":"thread_rewound"' AND json_valid(CAST(json AS TEXT));

INSERT OR IGNORE INTO replaced (thread_key, after_seq, before_seq)
SELECT ids.thread_key, ids.seq - 1, ids.seq + 1 FROM events
JOIN event_ids AS ids ON ids.thread_key = events.thread_key AND ids.id = json_extract(CAST(events.json AS TEXT), '$.message_id')
WHERE CAST(substr(events.json, 1, 25) AS TEXT) = '{"type":"message_removed"' AND json_valid(CAST(events.json AS TEXT));

-- The search index follows the events by their rowid. Where the newest are erased, SQLite gives their rowids again: here it is told from where.
CREATE TABLE "reused_rows" (
    "key" INTEGER NOT NULL CONSTRAINT "PK_reused_rows" PRIMARY KEY,
    "after_row" INTEGER NOT NULL
);
