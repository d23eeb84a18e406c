import type { Run, RunEnd, Thread, ToolCall } from "@chatbackend/client";
import { useEffect } from "preact/hooks";
import { announce } from "../kit/live.js";
import { conversation as words, toolTitle } from "../text/conversation.js";

/** Says what happens in the thread: once for an answer that begins, that ends and for each approval, never for its text. */
export function useAnnouncements(thread: Thread): void {
  useEffect(() => {
    let said: Run | undefined;
    let settled = isSettled(thread);
    let leaveRun = () => { /* no run is watched yet */ };
    const look = () => {
      const { run } = thread.getSnapshot();
      if (run !== undefined && run !== said) {
        said = run;
        leaveRun();
        // A run that was open already when the thread was opened is not news.
        if (settled) {
          announce(words.saysAnswering);
        }

        leaveRun = watch(run);
      }

      settled ||= isSettled(thread);
    };
    const leaveThread = thread.subscribe(look);
    look();
    return () => {
      leaveThread();
      leaveRun();
    };
  }, [thread]);
}

function isSettled(thread: Thread): boolean {
  const { state } = thread.getSnapshot();
  return state === "live" || state === "new";
}

/** Until the run has ended; the result stops it. Approvals of runs that are nested in it are said too. */
function watch(run: Run): () => void {
  const asked = new Set<string>();
  const watched = new Map<Run, () => void>();
  const leave = () => {
    watched.forEach((unsubscribe) => { unsubscribe(); });
    watched.clear();
  };
  const look = () => {
    const calls = [...watched.keys()].flatMap((each) => each.getSnapshot().items.filter((item): item is ToolCall => item.kind === "tool"));
    for (const { callId, tool, state, nested } of calls) {
      if (state === "awaiting_approval" && !asked.has(callId)) {
        asked.add(callId);
        announce(words.approvalNeeded(toolTitle(tool, "name")), "assertive");
      }

      if (nested !== undefined && !watched.has(nested)) {
        watched.set(nested, nested.subscribe(look));
        look();
      }
    }

    const { end } = run.getSnapshot();
    if (end !== undefined && watched.size > 0) {
      leave();
      announce(endOf(end));
    }
  };
  watched.set(run, run.subscribe(look));
  look();
  return leave;
}

function endOf({ type, message, finish }: RunEnd): string {
  switch (type) {
    case "stopped": return words.saysStopped;
    case "failed": return message === undefined ? words.failed : words.failedBecause(message);
    case "completed": return finish === "length" ? words.cut : finish === "refusal" ? words.refused : finish === "empty" ? words.empty : words.saysComplete;
  }
}
