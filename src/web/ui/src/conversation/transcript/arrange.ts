import type { Message, Run, ThreadSnapshot } from "@chatbackend/client";

/** What stands in the transcript; that the thread was renamed is said by its title. */
export type Turn = Message | Run;

export interface Arrangement {
  /** What the transcript shows: each message directly before the run that answers it. */
  readonly shown: readonly Turn[];
  /** Messages that wait for the open run: they stand above the composer. */
  readonly waiting: readonly Message[];
}

/** The log has a message where it was accepted; people read it where it is answered. One that joined a run is shown by that run. */
export function arrange({ entries, run }: Pick<ThreadSnapshot, "entries" | "run">): Arrangement {
  const answered = new Set<string>();
  const joined = new Set<string>();
  const mayHaveJoined = entries.some((entry) => entry.kind === "message" && entry.whenRunning === "steer");
  for (const entry of entries) {
    if (entry.kind === "run") {
      const { answers, items } = entry.getSnapshot();
      answered.add(answers);
      if (mayHaveJoined) {
        items.forEach((item) => item.kind === "steered" && joined.add(item.messageId));
      }
    }
  }

  const shown: Turn[] = [];
  const waiting: Message[] = [];
  const held = new Map<string, Message>();
  for (const entry of entries) {
    if (entry.kind === "run") {
      const { answers } = entry.getSnapshot();
      const message = held.get(answers);
      if (message !== undefined) {
        shown.push(message);
        held.delete(answers);
      }

      shown.push(entry);
    } else if (entry.kind === "note") {
      continue;
    } else if (entry.messageId === undefined) {
      if (entry.state === "pending" && entry.whenRunning !== undefined && run !== undefined) {
        waiting.push(entry);
      } else {
        shown.push(entry);
      }
    } else if (entry.state === "queued") {
      waiting.push(entry);
    } else if (answered.has(entry.messageId)) {
      held.set(entry.messageId, entry);
    } else if (!joined.has(entry.messageId)) {
      shown.push(entry);
    }
  }

  return { shown, waiting };
}
