import type { Chat, Thread, ThreadSnapshot } from "@chatbackend/client";
import { useState } from "react";
import { useObservable } from "./observe.js";
import { useChat } from "./provider.js";

const drafts = new WeakMap<Chat, Thread>();

/** The new thread in which nothing is written yet, one for each chat: a render that React discards or repeats leaves nothing behind. */
function draftOf(chat: Chat): Thread {
  let draft = drafts.get(chat);
  const { threadId, entries } = draft?.getSnapshot() ?? {};
  if (!draft || threadId || entries?.length) {
    draft = chat.newThread();
    drafts.set(chat, draft);
  }
  return draft;
}

const find = (chat: Chat, which: string | Thread | undefined) => ({
  chat,
  which,
  thread: typeof which === "object" ? which : which ? chat.thread(which) : draftOf(chat),
});

/**
 * A thread, followed while mounted; and the thread itself, for `stop`, `decide`, `loadEarlier` and the like.
 * Takes the id of a thread, the `draft` of an outbox entry, or a thread. Without any it is a new one: its first message opens it, and from
 * then on `snapshot.threadId` is set. It stays the same for this component until it is given another one, and is what it gets for that id.
 */
export function useThread(which?: string | Thread): readonly [ThreadSnapshot, Thread] {
  const chat = useChat();
  const [state, setState] = useState(() => find(chat, which));
  let held = state;
  if (held.chat !== chat || held.which !== which) {
    held = find(chat, which);
    setState(held);
  }
  return [useObservable(held.thread), held.thread];
}
