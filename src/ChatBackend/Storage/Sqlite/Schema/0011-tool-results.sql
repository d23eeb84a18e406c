-- Whole results of tools whose events hold only their begin and end, in pieces of 64 KiB, each compressed as events are. "total" is the length of the whole, "seq" that of the event.
CREATE TABLE "tool_results" (
    "thread_key" INTEGER NOT NULL,
    "call_id" TEXT NOT NULL,
    "piece" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "total" INTEGER NOT NULL,
    "bytes" BLOB NOT NULL,
    CONSTRAINT "PK_tool_results" PRIMARY KEY ("thread_key", "call_id", "piece"),
    CONSTRAINT "FK_tool_results_threads_thread_key" FOREIGN KEY ("thread_key") REFERENCES "threads" ("key") ON DELETE CASCADE
);
