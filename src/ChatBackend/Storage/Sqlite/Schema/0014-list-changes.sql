-- Lists are followed: what a row says, and what changed since a place that a client knows. An activity is a change, and active_at its number; no two have the same.
ALTER TABLE "threads" ADD "needs_approval" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "threads" ADD "agent" TEXT NULL;
-- The last event that its user should read, and up to where it was read. What was there before this version counts as read.
ALTER TABLE "threads" ADD "answer_seq" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "threads" ADD "read_seq" INTEGER NOT NULL DEFAULT 0;

-- The number of the last change that was no activity: it was archived or read. In an index of its own, which appends leave alone.
ALTER TABLE "threads" ADD "noted_at" INTEGER NULL;
CREATE INDEX "ix_threads_noted" ON "threads" ("owner", "noted_at") WHERE noted_at IS NOT NULL;

-- Threads that were deleted, under the number of that change; forgotten when they are old, with the last number that is forgotten.
CREATE TABLE "deleted_threads" (
    "number" INTEGER NOT NULL CONSTRAINT "PK_deleted_threads" PRIMARY KEY,
    "owner" TEXT NOT NULL,
    "id" TEXT NOT NULL
);
CREATE INDEX "ix_deleted_threads_owner" ON "deleted_threads" ("owner", "number");
ALTER TABLE "store" ADD "changes_known_from" INTEGER NOT NULL DEFAULT 0;

UPDATE threads SET agent = (
    SELECT json_extract(CAST(json AS TEXT), '$.agent') FROM events
    WHERE thread_key = threads.key AND CASE WHEN CAST(substr(json, 1, 23) AS TEXT) = '{"type":"agent_started"' AND json_valid(CAST(json AS TEXT))
        THEN json_extract(CAST(json AS TEXT), '$.parent_run_id') IS NULL END
    ORDER BY seq DESC LIMIT 1)
WHERE deleted = 0;

-- A call that waits: asked for since the open work began, and neither decided nor ended. Events that are compressed cannot be read here; the next event of the thread says what is so.
UPDATE threads SET needs_approval = EXISTS (
    SELECT 1 FROM event_ids AS asked WHERE asked.thread_key = threads.key AND asked.seq >= threads.open_from AND substr(asked.id, 1, 5) = 'call_'
        AND NOT EXISTS (
            SELECT 1 FROM events WHERE thread_key = threads.key AND seq > asked.seq AND CASE WHEN json_valid(CAST(json AS TEXT))
                THEN json_extract(CAST(json AS TEXT), '$.type') IN ('approval_decided', 'tool_executing', 'tool_completed')
                    AND json_extract(CAST(json AS TEXT), '$.call_id') = asked.id END))
WHERE deleted = 0 AND open_from IS NOT NULL;
