import type { Ack, ChatErrorInfo, OutboxEntry } from "./api.js";
import { ChatError } from "./error.js";
import { jitter } from "./jitter.js";
import { Source } from "./observable.js";
import type { StoredValue } from "./storage.js";
import { type Answer, type ClientFrames, camel } from "./wire.js";

export type Durable = { [K in OutboxEntry["type"]]: { type: K } & ClientFrames[K] }[OutboxEntry["type"]];

/** As it is stored; it stays so until it is acknowledged or given up. */
export interface Unsent extends StoredValue {
  user: string | undefined;
  /** The thread, or the name of one that the server has not opened yet: what has the same one is sent in order. */
  key: string;
  frame: Durable;
  at: number;
  error?: ChatErrorInfo | undefined;
}

interface Settled {
  entry: Unsent;
  answer: Answer;
}

const isUnsent = (value: StoredValue): value is Unsent => (value.n as number) > 0;

export class Outbox extends Source<readonly OutboxEntry[]> {
  _user: string | undefined;
  _entries: Unsent[] = [];
  _promises = new Map<string, { _resolve: (ack: Ack) => void; _reject: (error: ChatError) => void }>();
  /** Sent on this connection, not answered yet. */
  _inFlight = new Set<string>();
  /** Answered or given up; what is read from the storage meanwhile does not bring them back. */
  _over = new Set<string>();
  _paused = new Set<string>();
  _tries = 0;
  /** This tab is the one that sends. */
  _leads: boolean | undefined;
  /** Gives that up, or the waiting for it. */
  _control: AbortController | undefined;
  _writes: Promise<unknown> = Promise.resolve();

  /** From another tab: something is stored, and this may have been answered. */
  _heard({ entry, answer }: Partial<Settled>) {
    if (entry && answer) {
      this._settle(entry, answer);
    }
    void this._load();
  }

  override _build(): readonly OutboxEntry[] {
    return this._entries.map(
      ({ frame: { id: clientId, type, thread_id: threadId }, at: queuedAt, error, key }) =>
        ({ clientId, type, queuedAt, threadId, draft: threadId ? undefined : key, error }) as OutboxEntry,
    );
  }

  /** Storage is read and written in the order that it is asked for. */
  _store<T>(work: () => Promise<T>): Promise<T> {
    const done = this._writes.then(work);
    this._writes = done.catch(() => undefined);
    return done;
  }

  _write(put: Unsent[], remove: Unsent[] = [], settled: Partial<Settled> = {}) {
    this._changed();
    return this._store(async () => {
      await this._client._storage.write(
        put,
        remove.flatMap(({ n }) => n ?? []),
      );
      this._client._storage.post(settled);
      this._flush();
    });
  }

  _changed() {
    this._touch();
    this._client._showPending();
  }

  /** From now on it is this user whose messages are shown and sent. What was written before anybody was known is the first user's. */
  _use(user: string | undefined) {
    if (user !== this._user) {
      this._user = user;
      this._entries = this._entries.filter((entry) => !entry.user);
      void this._load();
    }
  }

  _load() {
    return this._store(async () => {
      const stored = (await this._client._storage.all()).filter(isUnsent).filter(({ user, frame }) => (!user || user === this._user) && !this._over.has(frame.id));
      this._entries = [...stored, ...this._entries.filter(({ n }) => !n)];
      const orphans = this._entries.filter(({ user }) => this._user && !user);
      for (const entry of orphans) {
        entry.user = this._user;
      }
      this._changed();
      if (orphans.length) {
        await this._client._storage.write(orphans.filter(({ n }) => n));
      }
      this._flush();
    });
  }

  _add(key: string, frame: Durable, error?: ChatErrorInfo): Promise<Ack> {
    const entry: Unsent = { user: this._user, key, frame, at: this._client._env.now(), error };
    this._entries.push(entry);
    return this._keep(entry);
  }

  _keep(entry: Unsent) {
    return new Promise<Ack>((resolve, reject) => {
      this._promises.set(entry.frame.id, { _resolve: resolve, _reject: reject });
      this._write([entry]).catch((failure: unknown) => {
        this._remove(entry.frame.id);
        this._changed();
        reject(new ChatError("storage", String(failure)));
      });
    });
  }

  _remove(id: string) {
    this._over.add(id);
    this._entries = this._entries.filter(({ frame }) => frame.id !== id);
  }

  _find(id: string) {
    return this._entries.find(({ frame }) => frame.id === id);
  }

  async _retry(id: string) {
    const entry = this._find(id) as Unsent;
    entry.error = undefined;
    return this._keep(entry);
  }

  async _discard(id: string) {
    const entry = this._find(id) as Unsent;
    this._remove(id);
    await this._write([], [entry]);
  }

  /** One tab of those that are connected sends. */
  _lead() {
    if (this._control) {
      return;
    }
    const { signal } = (this._control = new AbortController());
    const hold = () =>
      new Promise<void>((release) => {
        signal.onabort = () => {
          release();
        };
        if (signal.aborted) {
          release();
        } else {
          this._leads = true;
          void this._load();
        }
      });
    // Whoever gives up waiting is told so by an error.
    this._client._storage.lock("send", hold, signal).catch(() => undefined);
  }

  /** Lets another tab send, or waits no longer. */
  _rest() {
    this._leads = false;
    this._control?.abort();
    this._control = undefined;
    this._inFlight.clear();
  }

  /** What is unsent stays in the storage. */
  _close() {
    this._rest();
    for (const { _reject } of this._promises.values()) {
      _reject(new ChatError("closed", "Closed."));
    }
    return this._writes.then(() => {
      this._client._storage.close();
    });
  }

  _flush() {
    const { _connection: connection } = this._client;
    if (!this._leads || connection._user !== this._user) {
      return;
    }
    const busy = new Set(this._paused);
    for (const entry of this._entries) {
      const { key, frame, n, error } = entry;
      // One of a thread at a time, so that none overtakes another that is to be tried again.
      if (error || busy.has(key)) {
        continue;
      }
      busy.add(key);
      if (this._inFlight.has(frame.id) || this._over.has(frame.id) || !n) {
        continue;
      }
      const isSent = connection._command(frame, (answer) => {
        this._answered(frame.id, answer);
      });
      if (isSent) {
        this._inFlight.add(isSent);
      } else if (isSent === undefined) {
        this._answered(frame.id, { type: "error", id: frame.id, code: "too_large", message: "Too large." });
      }
    }
  }

  _answered(id: string, answer: Answer) {
    this._inFlight.delete(id);
    const entry = this._find(id);
    if (!entry) {
      return;
    }
    const { frame, key } = entry;
    const isError = answer.type === "error";
    if (isError && (answer.code === "unavailable" || answer.code === "rate_limited")) {
      this._paused.add(key);
      this._client._env.later(
        () => {
          this._paused.delete(key);
          this._flush();
        },
        Math.max(answer.retry_after_ms ?? 0, jitter(this._client._env.random(), this._tries++)),
      );
      return;
    }
    this._tries = 0;
    const settled = { entry, answer };
    const isChat = frame.type === "chat";
    this._settle(entry, answer);
    if (isError && isChat) {
      entry.error = { code: answer.code, message: answer.message };
      void this._write([entry], [], settled);
      return;
    }
    this._remove(id);
    // What waits for the thread that this message opened can be sent to it now.
    const thread = answer.thread_id as string;
    const waiting = this._entries.filter((other) => isChat && other.key === key);
    for (const other of waiting) {
      other.key = other.frame.thread_id = thread;
    }
    void this._write(waiting, [entry], settled);
    if (isChat) {
      // The server lets the sender follow the thread, whoever shows it.
      this._client.thread(thread)._unfollow();
    }
  }

  /** In the tab that got the answer, and in those that it tells. */
  _settle(entry: Unsent, answer: Answer) {
    const { frame } = entry;
    const promise = this._promises.get(frame.id);
    this._promises.delete(frame.id);
    if (answer.type === "ack") {
      this._over.add(frame.id);
      this._client._acknowledged(entry, answer, !!promise);
      promise?._resolve(camel(answer));
    } else {
      promise?._reject(new ChatError(answer.code, answer.message, answer.retry_after_ms));
    }
  }
}
