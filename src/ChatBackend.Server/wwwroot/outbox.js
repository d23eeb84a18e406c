// What was not acknowledged yet. It outlives the connection and a refresh; the server takes each id once, so sending again is safe.

import { newId } from './conversation.js';

const KEY = 'chat.outbox';

export class Outbox {
  #entries = [];

  constructor(connection) {
    this.connection = connection;
  }

  add(conversation, frame) {
    const id = newId('c_');
    this.#entries.push({ conversation, frame: { ...frame, id } });
    this.flush();
    return id;
  }

  // A conversation without a thread gets one from its first message; the next ones wait for its id instead of opening more.
  flush() {
    const opening = new Set();
    for (const entry of this.#entries) {
      const { conversation, frame } = entry;
      // What was sent once is never changed: the server would take it for another message under the same id.
      if (!entry.transmitted && conversation.threadId) {
        frame.thread_id = conversation.threadId;
      }
      if (!frame.thread_id) {
        if (opening.has(conversation)) {
          continue;
        }
        opening.add(conversation);
      }
      if (!entry.paused && entry.epoch !== this.connection.epoch && this.connection.send(frame)) {
        entry.epoch = this.connection.epoch;
        entry.transmitted = true;
      }
    }
    sessionStorage.setItem(KEY, JSON.stringify(this.#entries.map(({ frame, transmitted }) => ({ frame, transmitted }))));
  }

  // What a refresh interrupted. `conversationOf` says where a frame belongs.
  restore(conversationOf) {
    try {
      for (const { frame, transmitted } of JSON.parse(sessionStorage.getItem(KEY)) ?? []) {
        const conversation = conversationOf(frame.thread_id ?? null);
        this.#entries.push({ conversation, frame, transmitted });
        if (frame.type === 'chat') {
          conversation.sending(frame.id, frame.content);
        }
      }
    } catch {
      sessionStorage.removeItem(KEY);
    }
  }

  // The entry that this frame settles, if it is one of ours.
  settle(id) {
    const entry = this.#entries.find(({ frame }) => frame.id === id);
    this.#entries = this.#entries.filter(other => other !== entry);
    return entry;
  }

  has(id) {
    return this.#entries.some(({ frame }) => frame.id === id);
  }

  // Waits longer each time: a flush that is refused must not become a loop.
  again(id, retryAfterMs = 0) {
    const entry = this.#entries.find(({ frame }) => frame.id === id);
    entry.tries = (entry.tries ?? 0) + 1;
    entry.paused = true;
    setTimeout(() => {
      entry.paused = false;
      entry.epoch = null;
      this.flush();
    }, Math.max(retryAfterMs, Math.min(10_000, 500 * 2 ** entry.tries)));
  }
}
