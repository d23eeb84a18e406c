import type { Chat, Thread } from "@chatbackend/client";
import { CopiedList } from "./copiedList.js";
import { CopiedThread } from "./copiedThread.js";
import { eraseOthers, eraseThread } from "./database.js";

/** The same chat, whose list and last threads can be read without a connection, also after a reload. What is deleted, or was another person's, is erased. */
export function keepCopies(chat: Chat): Chat {
  const threads = new WeakMap<Thread, Thread>();
  const copied = (thread: Thread): Thread => {
    const known = threads.get(thread) ?? new CopiedThread(chat, thread);
    threads.set(thread, known);
    return known;
  };
  eraseWhatIsGone(chat);
  return {
    connection: chat.connection,
    outbox: chat.outbox,
    threads: new CopiedList(chat),
    thread: (threadId) => copied(chat.thread(threadId)),
    newThread: (options) => copied(chat.newThread(options)),
    search: (query, cursor) => chat.search(query, cursor),
    tap: (listener) => chat.tap(listener),
    reconnect: () => { chat.reconnect(); },
    startSession: () => chat.startSession(),
    close: () => chat.close(),
  };
}

function eraseWhatIsGone(chat: Chat): void {
  let user: string | undefined;
  chat.connection.subscribe(() => {
    const { state, userId } = chat.connection.getSnapshot();
    if (state === "open" && userId !== undefined && userId !== user) {
      user = userId;
      void eraseOthers(userId);
    }
  });
  chat.tap(({ direction, frame }) => {
    const { type, reason, thread_id: threadId } = frame;
    if (direction === "received" && user !== undefined && typeof threadId === "string" && (type === "thread_deleted" || (type === "thread_unlisted" && reason === "deleted"))) {
      void eraseThread(user, threadId);
    }
  });
}
