import type { Chat, ThreadRow } from "@chatbackend/client";
import { notifyText, shellText } from "../../text/shell.js";
import { navigate } from "../route.js";
import { isOn } from "./permission.js";

/** Notifies of what happens in the user's threads while nobody looks at the page. */
export function watchThreads(chat: Chat): () => void {
  let before = new Map<string, ThreadRow>();
  const compare = () => {
    const { state, threads } = chat.threads.getSnapshot();
    if (state !== "live") {
      return;
    }
    if (document.hidden && isOn()) {
      for (const row of threads) {
        const words = newsOf(before.get(row.threadId), row);
        if (words) {
          show(row, words);
        }
      }
    }
    before = new Map(threads.map((row) => [row.threadId, row]));
  };
  const opened = ({ data }: MessageEvent<{ type?: string; threadId?: string }>) => {
    if (data.type === "open" && data.threadId !== undefined) {
      navigate({ threadId: data.threadId });
    }
  };
  compare();
  const unsubscribe = chat.threads.subscribe(compare);
  const workers = (navigator as Partial<Navigator>).serviceWorker;
  workers?.addEventListener("message", opened);
  return () => {
    unsubscribe();
    workers?.removeEventListener("message", opened);
  };
}

function newsOf(before: ThreadRow | undefined, row: ThreadRow): string | undefined {
  if (row.needsApproval) {
    return before?.needsApproval ? undefined : notifyText.approval;
  }
  return before?.running && !row.running ? notifyText.answered : undefined;
}

// By the worker, which knows whether another tab is being looked at, and whom a phone allows to notify.
function show({ threadId, title = shellText.untitled }: ThreadRow, body: string): void {
  void navigator.serviceWorker.ready.then(({ active }) => { active?.postMessage({ type: "notify", title, body, threadId }); });
}
