import type { Observable, Run, RunItem, Thread } from "../../src/api.js";
import type { Tab } from "./tab.js";

export interface Sent {
  content: string;
  tab: Tab;
  /** `open`, `acked`, or the code that it was refused with. */
  outcome: string;
  /** How often the log had been put back when it was written: an answer may be on its way while it is put back. */
  restores: number;
  threadId?: string;
}

const idOf = (item: RunItem): string | undefined => ("partId" in item ? item.partId : "messageId" in item ? item.messageId : undefined);

/** Looks at everything that listeners are told: a snapshot is another one each time, and text on the screen never shrinks without a word. */
export class Watch {
  readonly complaints: string[] = [];

  /** `isRewound`: whether the thread has, or may have had, another branch. `isCut`: whether the run took a message in that is replaced, which takes along what came after it. */
  constructor(
    private readonly isRewound: (threadId: string) => boolean,
    private readonly isCut: (runId: string) => boolean,
  ) {}

  private readonly seen = new Set<object>();

  list({ chat }: Tab): void {
    this.each(chat.threads, "list");
    this.each(chat.outbox, "outbox");
    this.each(chat.connection, "connection");
  }

  thread(thread: Thread): void {
    let before = thread.getSnapshot();
    this.each(thread, "thread", (after) => {
      const runs = new Set(after.entries.filter((entry) => entry.kind === "run").map(({ runId }) => runId));
      const gone = before.entries.filter((entry): entry is Run => entry.kind === "run" && !runs.has(entry.runId));
      if (gone.length > 0 && after.notice === undefined && !this.isRewound(after.threadId ?? "")) {
        this.complaints.push(`Run ${gone[0]?.runId ?? ""} is gone without a word.`);
      }
      before = after;
      for (const entry of after.entries) {
        if (entry.kind === "run") {
          this.run(entry);
        }
      }
    });
  }

  private run(run: Run): void {
    let before = run.getSnapshot();
    this.each(run, "run", (after) => {
      for (const item of before.items) {
        const now = after.items.find((other) => idOf(other) === idOf(item));
        const has = now && "text" in now ? now.text : "";
        if ("partId" in item && !after.lostText && !has.startsWith(item.text) && (now ?? !this.isCut(run.runId))) {
          this.complaints.push(`Of run ${run.runId} the text "${item.text}" became "${has}" without a word.`);
        }
      }
      before = after;
    });
  }

  private each<T>(observable: Observable<T>, name: string, look?: (snapshot: T) => void): void {
    if (this.seen.has(observable)) {
      return;
    }
    this.seen.add(observable);
    // What changed just before may still be on its way to the listeners.
    let before: T | undefined;
    observable.subscribe(() => {
      const after = observable.getSnapshot();
      if (after === before) {
        this.complaints.push(`The listener of a ${name} was called with the snapshot that it had.`);
      }
      if (after !== observable.getSnapshot()) {
        this.complaints.push(`A ${name} gives another snapshot each time.`);
      }
      before = after;
      look?.(after);
    });
  }
}
