import type { Chat } from "@chatbackend/client";
import { useEffect } from "preact/hooks";
import { useObservable } from "../kit/useObservable.js";
import { appName } from "../text/shell.js";

/** The page's title: the chat that is shown, and how many wait for the person; as the app's badge too, where it is installed. */
export function useTitle(chat: Chat, title: string): void {
  const waiting = useObservable(chat.threads, ({ threads }) => threads.filter((row) => row.unread || row.needsApproval).length);
  useEffect(() => {
    document.title = `${waiting > 0 ? `(${waiting}) ` : ""}${title} · ${appName}`;
    if ("setAppBadge" in navigator) {
      // Refused where the page is not installed: then there is no badge to set.
      navigator.setAppBadge(waiting).catch(() => undefined);
    }
  }, [title, waiting]);
}
