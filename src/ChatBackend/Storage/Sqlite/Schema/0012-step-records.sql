-- What is kept of a model's answer beside its texts (StepRecord), with the event that begins the answer. It is read for that model only, never delivered.
CREATE TABLE "step_records" (
    "thread_key" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "json" BLOB NOT NULL,
    CONSTRAINT "PK_step_records" PRIMARY KEY ("thread_key", "seq"),
    CONSTRAINT "FK_step_records_threads_thread_key" FOREIGN KEY ("thread_key") REFERENCES "threads" ("key") ON DELETE CASCADE
) WITHOUT ROWID;
