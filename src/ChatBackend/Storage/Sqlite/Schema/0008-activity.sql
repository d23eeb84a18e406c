-- Lists are in the order of what happened, not of the clock: as the time of the last event, but never before an activity that was recorded earlier.
ALTER TABLE "threads" ADD "active_at" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "threads" ADD "began_at" INTEGER NOT NULL DEFAULT 0;
UPDATE threads SET active_at = updated_at, began_at = created_at;

DROP INDEX "ix_threads_owner";
CREATE INDEX "ix_threads_owner" ON "threads" ("owner", "archived", "active_at");

-- The activity of an event, where it is not the event's own time.
ALTER TABLE "events" ADD "active_at" INTEGER NULL;
