-- The log: threads, their events, commands with their acks, the text of parts in flight, and the full-text index.
-- Rowids are left to SQLite: AUTOINCREMENT would write to a second table with each insert.
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

-- Triggers keep the index in step with its table, also when a thread is deleted and its texts go by cascade.
CREATE VIRTUAL TABLE search USING fts5(text, owner_token, content='texts', content_rowid='key', tokenize='unicode61 remove_diacritics 2');
CREATE TRIGGER texts_inserted AFTER INSERT ON texts BEGIN
    INSERT INTO search (rowid, text, owner_token) VALUES (new.key, new.text, new.owner_token);
END;
CREATE TRIGGER texts_deleted AFTER DELETE ON texts BEGIN
    INSERT INTO search (search, rowid, text, owner_token) VALUES ('delete', old.key, old.text, old.owner_token);
END;

-- A file that appears in the place of a lost one is taken for the log only if it is the same log.
CREATE TABLE store (id TEXT NOT NULL);
INSERT INTO store (id) VALUES (lower(hex(randomblob(16))));
