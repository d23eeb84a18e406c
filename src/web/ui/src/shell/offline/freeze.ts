import type { Entry, Run, RunItem, RunSnapshot, ThreadSnapshot } from "@chatbackend/client";

type KeptItem = Exclude<RunItem, { kind: "tool" }> | (Omit<Extract<RunItem, { kind: "tool" }>, "nested"> & { readonly nested?: KeptRun });

interface KeptRun {
  readonly kind: "run";
  readonly key: string;
  readonly runId: string;
  readonly snapshot: Omit<RunSnapshot, "items"> & { readonly items: readonly KeptItem[] };
}

/** A thread's snapshot without functions, as IndexedDB keeps it. */
export interface KeptSnapshot {
  readonly title?: string;
  readonly agent?: string;
  readonly hasEarlier: boolean;
  readonly entries: readonly (Exclude<Entry, Run> | KeptRun)[];
}

const MAX_ENTRIES = 200;

export function freeze({ title, agent, hasEarlier, entries }: ThreadSnapshot): KeptSnapshot {
  return {
    ...(title === undefined ? {} : { title }),
    ...(agent === undefined ? {} : { agent }),
    hasEarlier: hasEarlier || entries.length > MAX_ENTRIES,
    entries: entries.slice(-MAX_ENTRIES).map((entry) => entry.kind === "run" ? freezeRun(entry) : entry),
  };
}

/** What was frozen as the page shows it; what came before it is not here, so there is nothing earlier to load. */
export function thaw(threadId: string, { entries, ...rest }: KeptSnapshot): ThreadSnapshot {
  return { ...rest, threadId, state: "offline", hasEarlier: false, entries: entries.map((entry) => entry.kind === "run" ? thawRun(entry) : entry) };
}

function freezeRun(run: Run): KeptRun {
  const { items, ...snapshot } = run.getSnapshot();
  return {
    kind: "run",
    key: run.key,
    runId: run.runId,
    snapshot: { ...snapshot, items: items.map((item) => item.kind === "tool" ? freezeNested(item) : item) },
  };
}

function freezeNested({ nested, ...call }: Extract<RunItem, { kind: "tool" }>): KeptItem {
  return nested ? { ...call, nested: freezeRun(nested) } : call;
}

function thawRun({ key, runId, snapshot: { items, ...rest } }: KeptRun): Run {
  const snapshot: RunSnapshot = {
    ...rest,
    items: items.map((item) => {
      if (item.kind !== "tool") {
        return item;
      }
      const { nested, ...call } = item;
      return nested ? { ...call, nested: thawRun(nested) } : call;
    }),
  };
  return { kind: "run", key, runId, getSnapshot: () => snapshot, subscribe: () => () => undefined };
}
