// What was not acknowledged yet, of one user. It outlives the connection and a refresh; the server takes each id once, so sending
// again is safe. Commands of one conversation are sent in order.

import { newId } from './dom.js';

const MAX_PAUSE_MS = 10_000;

export class Outbox {
  #entries = [];
  #key = null;

  constructor(connection) {
    this.connection = connection;
  }

  add(conversation, frame) {
    const id = newId('c_');
    this.#entries.push({ conversation, frame: { ...frame, id } });
    this.flush();
    return id;
  }

  // What a refresh interrupted, or what another user left here, which stays until that one is back.
  // `conversationOf` says where a frame belongs.
  restore(userId, conversationOf) {
    const key = `chat.outbox.${userId}`;
    if (key === this.#key) {
      return;
    }
    // Written before a user was known: it belongs to the first one who signs in.
    const early = this.#key === null ? this.#entries : [];
    this.#key = key;
    this.#entries = [];
    try {
      for (const { frame, transmitted, stop, refused } of JSON.parse(sessionStorage.getItem(key)) ?? []) {
        const conversation = conversationOf(frame.thread_id ?? null);
        this.#entries.push({ conversation, frame, transmitted, stop, refused });
        if (frame.type === 'chat') {
          conversation.sending(frame.id, frame);
        }
        if (refused) {
          conversation.refused(frame.id, refused);
        }
      }
    } catch {
      sessionStorage.removeItem(key);
    }
    this.#entries.push(...early);
  }

  // A conversation without a thread gets one from its first message; the next ones wait for its id instead of opening more.
  flush() {
    const held = new Set();
    for (const entry of this.#entries) {
      const { conversation, frame } = entry;
      if (entry.refused || held.has(conversation)) {
        continue;
      }
      // What was sent once is never changed: the server would take it for another message under the same id.
      if (!entry.transmitted && conversation.threadId) {
        frame.thread_id = conversation.threadId;
      }
      if (entry.paused || !frame.thread_id) {
        held.add(conversation);
      }
      if (!entry.paused && entry.epoch !== this.connection.epoch && this.connection.send(frame)) {
        entry.epoch = this.connection.epoch;
        entry.transmitted = true;
      }
    }
    this.#keep();
  }

  // The entry that this frame settles, if it is one of ours.
  settle(id) {
    const entry = this.find(id);
    this.#entries = this.#entries.filter(other => other !== entry);
    this.#keep();
    return entry;
  }

  // A message that was refused for good stays, with the reason, until its user takes it back.
  refuse(id, words) {
    this.find(id).refused = words;
    this.#keep();
  }

  has(id) {
    return this.find(id) !== undefined;
  }

  // Takes back the last message of a conversation that has no answer yet. One that never left is just dropped; of any other the
  // answer is awaited, since only that says which message it became. Undefined when there is none.
  takeBack(conversation) {
    const entry = this.#entries.findLast(other => other.conversation === conversation && other.frame.type === 'chat' && !other.stop && !other.refused);
    if (entry && !entry.transmitted) {
      this.settle(entry.frame.id);
      return { dropped: entry.frame };
    }
    if (entry) {
      entry.stop = true;
      this.#keep();
    }
    return entry && { awaited: entry.frame };
  }

  hasChatOf(conversation) {
    return this.#entries.some(({ conversation: other, frame, stop, refused }) => other === conversation && frame.type === 'chat' && !stop && !refused);
  }

  // A message that did not arrive, and may never, stands in this conversation and nowhere else.
  hasUnsentOf(conversation) {
    return this.#entries.some(({ conversation: other, frame }) => other === conversation && frame.type === 'chat');
  }

  conversationOf(threadId) {
    return this.#entries.find(({ conversation, refused }) => conversation.threadId === threadId && (threadId || refused))?.conversation;
  }

  // Waits longer each time: a flush that is refused must not become a loop.
  again(id, retryAfterMs = 0) {
    const entry = this.find(id);
    entry.tries = (entry.tries ?? 0) + 1;
    entry.paused = true;
    setTimeout(() => {
      entry.paused = false;
      entry.epoch = null;
      this.flush();
    }, Math.max(retryAfterMs, Math.min(MAX_PAUSE_MS, 500 * 2 ** entry.tries)));
  }

  find(id) {
    return this.#entries.find(({ frame }) => frame.id === id);
  }

  #keep() {
    if (this.#key) {
      sessionStorage.setItem(this.#key, JSON.stringify(this.#entries.map(({ frame, transmitted, stop, refused }) => ({ frame, transmitted, stop, refused }))));
    }
  }
}
