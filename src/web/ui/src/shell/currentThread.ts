import type { Chat, Thread } from "@chatbackend/client";
import { useEffect, useState } from "preact/hooks";
import { useObservable } from "../kit/useObservable.js";
import type { Route } from "./route.js";
import { navigate } from "./route.js";

/** The thread of the route. A new one stays the same object when the server has named it, and the address follows. */
export function useCurrentThread(chat: Chat, route: Route): Thread {
  const [current, setCurrent] = useState(() => ({ route, chat, thread: threadOf(chat, route) }));
  let { thread } = current;
  if (current.route !== route || current.chat !== chat) {
    const stays = current.chat === chat && isShowing(thread, route);
    thread = stays ? thread : threadOf(chat, route);
    setCurrent({ route, chat, thread });
  }

  const threadId = useObservable(thread, (snapshot) => snapshot.threadId);
  useEffect(() => {
    if (threadId !== undefined && route.threadId === undefined) {
      navigate({ threadId }, { replace: true });
    }
  }, [threadId, route.threadId]);
  return thread;
}

function threadOf(chat: Chat, { threadId }: Route): Thread {
  return threadId === undefined ? chat.newThread() : chat.thread(threadId);
}

// A new chat in which something was written is not what "New chat" asks for.
function isShowing(thread: Thread, { threadId }: Route): boolean {
  const shown = thread.getSnapshot();
  return shown.threadId === threadId && (threadId !== undefined || shown.entries.length === 0);
}
