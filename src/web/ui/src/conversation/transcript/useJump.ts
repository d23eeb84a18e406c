import type { Entry, Message, Thread } from "@chatbackend/client";
import { useEffect } from "preact/hooks";
import { announce } from "../../kit/live.js";
import { useStable } from "../../kit/useStable.js";
import { conversation as words } from "../../text/conversation.js";
import type { Scroller } from "./scroller.js";
import type { Pages } from "./pages.js";
import type { Reel } from "./reel.js";

/** Shows the message that has the event, after loading what is needed, and marks it. */
export function useJump(seq: number | undefined, visit: number, thread: Thread, reel: Reel, pages: Pages): void {
  const go = useStable(async (wantedSeq: number, wanted: () => boolean) => {
    await untilRead(thread);
    await pages.loadAll(() => !wanted() || begins(thread.getSnapshot().entries) <= wantedSeq);
    const found = entryOf(thread.getSnapshot().entries, wantedSeq);
    if (wanted()) {
      if (found === undefined) {
        announce(words.notFoundHit);
      } else {
        reel.bring(found.key, mark);
      }
    }
  });
  useEffect(() => {
    if (seq === undefined) {
      return undefined;
    }

    let wanted = true;
    void go(seq, () => wanted);
    return () => { wanted = false; };
  }, [seq, visit, go]);
}

/** Events come one after the other: before the last one is there, the place of one of them may be the end. */
function untilRead(thread: Thread): Promise<void> {
  return new Promise((resolve) => {
    const isThere = () => !/^(loading|catching_up)$/.test(thread.getSnapshot().state);
    if (isThere()) {
      resolve();
      return;
    }

    const unsubscribe = thread.subscribe(() => {
      if (isThere()) {
        unsubscribe();
        resolve();
      }
    });
  });
}

/** Entries are loaded from the end: what is before this event is not there yet. */
function begins(entries: readonly Entry[]): number {
  return entries.find((entry): entry is Message => entry.kind === "message" && entry.seq !== undefined)?.seq ?? Infinity;
}

/** Runs follow one another: an event that is no message belongs to the first one that ended after it, or to the open one. */
function entryOf(entries: readonly Entry[], seq: number): Entry | undefined {
  return entries.find((entry) => entry.kind === "message" && entry.seq === seq)
    ?? entries.find((entry) => entry.kind === "run" && (entry.getSnapshot().end?.seq ?? Infinity) >= seq);
}

function mark(entry: HTMLElement, scroller: Scroller): void {
  const turn = entry.querySelector<HTMLElement>("article") ?? entry;
  scroller.show(turn);
  turn.focus({ preventScroll: true });
  turn.classList.remove("found");
  requestAnimationFrame(() => { turn.classList.add("found"); });
  announce(words.found);
}
