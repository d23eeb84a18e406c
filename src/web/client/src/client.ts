import type { Chat, SearchHit, SearchPage, TappedFrame } from "./api.js";
import { Connection } from "./connection.js";
import { ChatError } from "./error.js";
import type { Source } from "./observable.js";
import type { ChatEnv, ChatOptions } from "./options.js";
import { here } from "./here.js";
import { Outbox, type Unsent } from "./outbox.js";
import { SESSION, Session } from "./session.js";
import { memoryStorage, sharedStorage } from "./storage.js";
import { ThreadModel } from "./thread.js";
import { Threads } from "./threads.js";
import { type Frame, type ServerFrame, camel } from "./wire.js";

const DRAFT = "draft_";

export class Client implements Chat {
  _env: ChatEnv;
  _base: URL;
  /** What changed since listeners were told. */
  _changed = new Set<Source<unknown>>();
  _storage;
  _WebSocket;
  _fetch: typeof fetch;
  _session: Session;
  _outbox: Outbox;
  _connection: Connection;
  _threads: Threads;
  _models = new Map<string, ThreadModel>();
  _closing = new AbortController();
  _taps = new Set<(frame: TappedFrame) => void>();
  readonly connection;
  readonly threads;
  readonly outbox;

  constructor({ url, session, storage = "indexedDB" in globalThis ? "shared" : "memory", WebSocket: socket = WebSocket, fetch: fetched = fetch, env }: ChatOptions) {
    this._env = {
      now: () => Date.now(),
      later: (work, ms) => setTimeout(work, ms),
      cancel: (timer) => { clearTimeout(timer as number); },
      random: () => Math.random(),
      newId: () => crypto.getRandomValues(new Uint32Array(4)).join("_"),
      batch: (flush) => {
        if (here.document && !here.document.hidden) {
          requestAnimationFrame(flush);
        } else {
          queueMicrotask(flush);
        }
      },
      ...env,
    };
    this._base = new URL(url ?? here.document?.baseURI ?? location.href);
    this._WebSocket = socket;
    this._fetch = fetched;
    this._storage = storage === "memory" ? memoryStorage() : storage === "shared" ? sharedStorage(`chat ${this._base.pathname}`) : storage;
    this._storage.onmessage = (message) => {
      if (message === SESSION) {
        this.reconnect();
      } else {
        this._outbox._heard(message as object);
      }
    };
    this._session = new Session(this, session);
    this.outbox = this._outbox = new Outbox(this);
    this.connection = this._connection = new Connection(this);
    this.threads = this._threads = new Threads(this);
    for (const type of "online resume pageshow visibilitychange offline freeze".split(" ")) {
      here.addEventListener?.(type, this._event, { capture: true, signal: this._closing.signal });
    }
    void this._connection._connect();
  }

  _event = ({ type }: Event) => {
    if (type === "offline") {
      this._connection._goOffline();
    } else if (type === "freeze") {
      this._outbox._rest();
    } else if (here.document?.hidden) {
      this._flush();
    } else {
      this._connection._wake();
    }
  };

  _told(source: Source<unknown>) {
    if (!this._changed.size) {
      this._env.batch(this._flush);
    }
    this._changed.add(source);
  }

  _flush = () => {
    const changed = this._changed;
    this._changed = new Set();
    for (const source of changed) {
      for (const listener of source._listeners) {
        try {
          listener();
        } catch (thrown) {
          // A listener that throws is its owner's bug and does not keep the others from being told.
          queueMicrotask(() => {
            throw thrown;
          });
        }
      }
    }
  };

  thread(threadId: string): ThreadModel {
    let model = this._models.get(threadId);
    if (!model) {
      model = new ThreadModel(this, threadId, threadId.startsWith(DRAFT) ? undefined : threadId);
      this._models.set(threadId, model);
      this._showPending();
    }
    return model;
  }

  newThread({ agent }: { agent?: string } = {}) {
    const model = this.thread(DRAFT + this._env.newId());
    model._agent = agent;
    return model;
  }

  async search(query: string, cursor?: string): Promise<SearchPage> {
    const { hits, next_cursor } = (await this._rest("GET", "api/threads", { query, cursor })) as { hits: object[]; next_cursor?: string };
    return { hits: hits.map((hit) => camel(hit) as SearchHit), nextCursor: next_cursor } as SearchPage;
  }

  tap(listener: (frame: TappedFrame) => void) {
    this._taps.add(listener);
    return () => {
      this._taps.delete(listener);
    };
  }

  _tapped(direction: TappedFrame["direction"], frame: object) {
    for (const listener of this._taps) {
      listener({ direction, at: performance.now(), frame: frame as TappedFrame["frame"] });
    }
  }

  reconnect() {
    void this._connection._connect();
  }

  async startSession() {
    await this._session._begin();
    this._connection._show({ sessionEnded: false });
    await this._connection._connect();
  }

  async close() {
    this._closing.abort();
    this._connection._drop();
    this._connection._is("closed");
    await this._outbox._close();
  }

  _connected() {
    this._outbox._lead();
    this._pump();
  }

  _disconnected() {
    this._outbox._rest();
    this._threads._disconnected();
    for (const model of this._models.values()) {
      model._disconnected();
    }
  }

  /** There is a connection, or room on it: whatever waits for that goes on. */
  _pump() {
    this._outbox._flush();
    this._threads._sync();
    for (const model of this._models.values()) {
      model._sync();
    }
  }

  _dispatch(frame: ServerFrame) {
    const about = frame as Frame<"thread_listed">;
    const target = /listed|threads_caught/.test(about.type) ? this._threads : this._models.get(about.thread_id);
    target?._frame(about);
  }

  _showPending() {
    for (const model of this._models.values()) {
      model._showPending(this._outbox._entries.filter(({ key }) => key === model._key));
    }
  }

  /** In every tab. */
  _acknowledged(entry: Unsent, ack: Frame<"ack">, isOwn: boolean) {
    const model = this._models.get(entry.key);
    if (model && ack.thread_id) {
      this._models.set(ack.thread_id, model);
    }
    model?._acknowledged(entry, ack, isOwn);
  }

  /** `sent` is the query of a GET, else the body; what is empty in a query is left out. */
  async _rest(method: string, path: string, sent: object = {}): Promise<unknown> {
    const { _token } = this._session;
    const ask = this._fetch;
    const isGet = method === "GET";
    const query = new URLSearchParams(Object.entries(sent).filter(([, value]) => value) as [string, string][]);
    const response = await ask(new URL(isGet ? `${path}?${query.toString()}` : path, this._base), {
      method,
      headers: _token ? { Authorization: `Bearer ${_token}` } : {},
      body: isGet || method === "DELETE" ? null : new Blob([JSON.stringify(sent)], { type: "application/json" }),
    }).catch((failure: unknown) => {
      throw new ChatError("unreachable", String(failure));
    });
    const answer = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
    if (!response.ok) {
      const code = { 401: "unauthenticated", 403: "forbidden", 404: "not_found" }[response.status] ?? "unavailable";
      throw new ChatError(answer.code ?? code, answer.detail, Number(response.headers.get("Retry-After")) * 1000 || undefined);
    }
    return answer;
  }
}
