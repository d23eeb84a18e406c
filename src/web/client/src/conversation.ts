import type { Ack, ChatErrorInfo, Message, ThreadSnapshot, ThreadState, ToolCall } from "./api.js";
import type { Client } from "./client.js";
import { ChatError } from "./error.js";
import { Followed } from "./followed.js";
import type { Durable } from "./outbox.js";
import { isInFlight } from "./run.js";
import { Transcript } from "./transcript.js";
import type { Frame, Row, ServerFrame, ThreadEvent } from "./wire.js";

/** Events read at once, backwards. */
const PAGE = 200;

/** A command as a thread gives it; the rest is added. */
export type Without<T> = T extends { id: string } ? Omit<T, "id" | "thread_id"> : never;

export interface Acknowledged extends Message {
  _logId: string | undefined;
  /** It was written in this tab. */
  _isOwn: boolean;
}

/** A thread as far as it is known here: what is followed, what is read backwards, and what is to be seen of it. */
export abstract class Conversation extends Followed<ThreadSnapshot> {
  /** The thread's id, or a name until the server has opened it. */
  _key: string;
  _id: string | undefined;
  _agent: string | undefined;
  _state: ThreadState;
  /** The cursor; undefined until it is known where to begin. */
  _seq: number | undefined;
  _at: string | undefined;
  _first = 1;
  _begins = 1;
  _logId: string | undefined;
  _row: Partial<Row> = {};
  _events: ThreadEvent[] = [];
  _transcript: Transcript;
  _pending: Message[] = [];
  /** Acknowledged, not seen in the log yet. */
  _acked = new Map<string, Acknowledged>();
  _notice: ThreadSnapshot["notice"];
  _loading: Promise<void> | undefined;
  _read = false;
  /** Deleted, or not there. */
  _isGone = false;

  constructor(client: Client, key: string, id?: string) {
    super(client);
    this._key = key;
    this._id = id;
    this._state = id ? "loading" : "new";
    this._transcript = new Transcript(client);
  }

  override _build(): ThreadSnapshot {
    const { _entries, _open, _title, _agent } = this._transcript;
    return {
      threadId: this._id,
      title: _title ?? this._row.title,
      agent: _agent ?? this._row.agent ?? this._agent,
      state: this._state,
      hasEarlier: this._first > this._begins,
      entries: [..._entries, ...this._acked.values(), ...this._pending],
      run: _open,
      notice: this._notice,
    } as ThreadSnapshot;
  }

  _is(state: ThreadState) {
    if (this._state !== state) {
      this._state = state;
      this._touch();
    }
  }

  _unfollow() {
    if (this._id && !this._holders) {
      if (this._follow && this._follow !== "refused") {
        this._client._connection._command({ type: "unfollow", thread_id: this._id });
      }
      this._follow = undefined;
    }
  }

  _disconnected() {
    this._follow = undefined;
    if (this._id && !this._isGone) {
      this._is("offline");
    }
  }

  override _sync() {
    if (!this._id || !this._isIdle() || this._isGone) {
      return;
    }
    if (this._seq !== undefined) {
      this._askFor();
      return;
    }
    const row = !this._notice && this._client._threads._rows.get(this._id);
    if (row) {
      this._begin(row);
      return;
    }
    this._is("loading");
    const id = (this._followId = this._client._env.newId());
    this._follow = "asked";
    this._rest("GET").then(
      (found) => {
        if (id === this._followId && this._follow) {
          this._begin(found as Row);
        }
      },
      (failure: unknown) => {
        const { code, retryAfterMs } = failure as ChatError;
        this._refused(code);
        this._later(retryAfterMs);
      },
    );
  }

  /** With the newest events; those before them when they are asked for. */
  _begin(row: Row) {
    this._row = row;
    this._begins = row.history_begins_at;
    this._seq = Math.max(row.head - PAGE, this._begins - 1);
    this._first = this._seq + 1;
    this._askFor();
  }

  _askFor() {
    const parts = this._transcript._open?._items.filter(isInFlight).map(({ partId, text }) => ({ part_id: partId, length: text.length }));
    this._is(this._events.length ? "catching_up" : "loading");
    this._ask({ type: "follow", thread_id: this._id as string, after_seq: this._seq, after_at: this._at, parts });
  }

  override _refused(code: string) {
    if (code === "not_found") {
      this._isGone = true;
      this._is(code);
    } else if (code === "expired" || code === "stale_cursor") {
      this._again(code === "expired" ? code : "restored");
    }
  }

  /** What is known is of another history, or begins too early: it is read again. */
  _again(notice: "restored" | "expired") {
    this._notice = notice;
    this._transcript = new Transcript(this._client);
    this._events = [];
    this._first = this._begins;
    this._seq = this._at = this._follow = undefined;
    this._touch();
    this._sync();
  }

  _gap() {
    if (this._follow === "live") {
      this._askFor();
    }
  }

  _frame(frame: ServerFrame) {
    if (frame.type === "thread_deleted") {
      this._isGone = true;
      this._is("deleted");
    } else if (!this._follow || this._follow === "refused" || this._seq === undefined) {
      return;
    } else if (frame.type === "caught_up") {
      this._caughtUp(frame);
    } else if ("seq" in frame && "at" in frame) {
      this._event(frame);
    } else if (frame.type === "tool_progress" || "offset" in frame) {
      let run = this._transcript._runs.get(frame.run_id);
      if (!run && this._first > 1) {
        // It began before the first event that is loaded.
        run = this._transcript._run(frame.run_id, this._at ?? "");
        this._touch();
      }
      if (frame.type !== "tool_progress") {
        if (!run?._delta(frame)) {
          this._gap();
        }
      } else if (run?._find(frame.call_id)) {
        const { text, fraction } = frame;
        run._tool(frame, { progress: { text, fraction } } as ToolCall);
      }
    }
  }

  _event(event: ThreadEvent) {
    const next = (this._seq as number) + 1;
    if (event.seq > next) {
      this._gap();
    } else if (event.seq === next) {
      this._seq = next;
      this._at = event.at;
      this._events.push(event);
      const hasChanged = this._transcript._apply(event);
      if (event.type === "user_message") {
        this._acked.delete(event.client_id);
        this._pending = this._pending.filter(({ key }) => key !== event.client_id);
      }
      this._loseAcked(false);
      if (hasChanged) {
        this._touch();
      }
    }
  }

  _caughtUp({ seq, log_id }: Frame<"caught_up">) {
    this._caught();
    if (seq < (this._seq as number)) {
      this._again("restored");
    } else if (seq > (this._seq as number)) {
      this._askFor();
    } else {
      this._logId = log_id;
      this._loseAcked();
      this._is("live");
      if (this._read) {
        this.markRead();
      }
    }
  }

  /** What was acknowledged and is not where it was said to be: the log went back, and does not have it any more. */
  _loseAcked(isHere = true) {
    for (const [id, { _logId, _isOwn, content, agent, whenRunning, ...message }] of this._acked) {
      const seq = message.seq as number;
      if (seq <= (this._seq as number) || (isHere && _logId !== this._logId)) {
        this._acked.delete(id);
        if (_isOwn && seq >= this._first) {
          // As a message that failed, under an id of its own.
          void this._send({ type: "chat", content, agent, when_running: whenRunning }, { code: "lost", message: "Restored." });
        }
        this._touch();
      }
    }
  }

  /** Before the events that are loaded, the page before them. */
  loadEarlier(): Promise<void> {
    this._loading ??= this._earlier().finally(() => (this._loading = undefined));
    return this._loading;
  }

  async _earlier() {
    const before = this._transcript;
    const end = this._first - 1;
    const begin = Math.max(end - PAGE, this._begins - 1);
    const events: ThreadEvent[] = [];
    while (begin + events.length < end) {
      const query = { after_seq: begin + events.length, limit: end - begin - events.length, after_at: events.at(-1)?.at };
      const page = (await this._rest("GET", query, "/events")) as { events: ThreadEvent[]; log_id: string };
      if (before !== this._transcript) {
        return;
      }
      if (page.log_id !== this._logId) {
        // Pages of two histories do not fit; the follow says what is so.
        throw new ChatError("stale_cursor", "Restored.");
      }
      events.push(...page.events);
    }
    this._first = begin + 1;
    this._events = [...events, ...this._events];
    const resumes = [...before._runs.values()].map((run) => run._restart());
    const transcript = new Transcript(this._client, before._runs);
    for (const event of this._events) {
      transcript._apply(event);
    }
    if (before._open) {
      transcript._run(before._open.runId, this._at ?? "");
    }
    for (const resume of resumes) {
      resume();
    }
    this._transcript = transcript;
    this._touch();
  }

  _path() {
    return `api/threads/${encodeURIComponent(this._id as string)}`;
  }

  _rest(method: string, sent?: object, part = "") {
    return this._client._rest(method, this._path() + part, sent);
  }

  abstract markRead(): void;

  abstract _send(frame: Without<Durable>, error?: ChatErrorInfo): Promise<Ack>;
}
