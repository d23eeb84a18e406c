import type { AgentInfo, ConnectionSnapshot, ConnectionState } from "./api.js";
import type { ChatError } from "./error.js";
import { here } from "./here.js";
import { jitter } from "./jitter.js";
import { Source } from "./observable.js";
import type { Answer, Frame, NewCommand, ServerFrame } from "./wire.js";

const ESTABLISH_MS = 10_000;
const BEAT_MS = 5_000;
const HIDDEN_BEAT_MS = 20_000;
const WAKE_MS = 2_500;
const MAX_TIMER_MS = 2 ** 31 - 1;
const NO_ANSWER = 4408;
const UNAUTHENTICATED = 4401;
const FORBIDDEN = 4403;
const FINAL = [1000, 1008, FORBIDDEN];

/** The cheapest request that says whether the session is known. */
export const PROBE = "api/agents";

/** One socket at a time, and one place that decides what comes after it. */
export class Connection extends Source<ConnectionSnapshot> {
  _shown = { state: "connecting", sessionEnded: false, agents: [] as AgentInfo[], reconnects: 0 } as ConnectionSnapshot;
  /** Of the connection that is open. */
  _user: string | undefined;
  _socket: WebSocket | undefined;
  _attempt = 0;
  _failures = 0;
  _renewed: boolean | undefined;
  _openedAt = 0;
  _notBefore = 0;
  _silent: boolean | undefined;
  _pingAt!: number;
  /** Each ends with the socket that it is about. */
  _timers: Record<string, unknown> = {};
  _pending = new Map<string, { _bytes: number; _done: ((answer: Answer) => void) | undefined }>();
  _pendingBytes = 0;

  override _build(): ConnectionSnapshot {
    return { ...this._shown, userId: this._client._outbox._user } as ConnectionSnapshot;
  }

  _timer(name: string, work?: () => void, ms = 0) {
    this._client._env.cancel(this._timers[name]);
    this._timers[name] = work && this._client._env.later(work, ms);
  }

  _show(change: Partial<ConnectionSnapshot>) {
    this._shown = { ...this._shown, ...change };
    this._touch();
  }

  _is(state: ConnectionState, reason?: ConnectionSnapshot["reason"], retryAt?: number) {
    this._client._tapped("state", { type: state, ...reason });
    this._show({ state, reason, retryAt } as ConnectionSnapshot);
  }

  /** Replaces whatever there is, at once. */
  async _connect() {
    this._drop();
    const attempt = this._attempt;
    this._is("connecting");
    const session = this._client._session;
    try {
      const has = await session._have();
      if (attempt !== this._attempt) {
        return;
      }
      this._client._outbox._use(session._user);
      if (!has) {
        this._endSession();
        return;
      }
    } catch (failure) {
      if (attempt === this._attempt) {
        void this._lost(0, (failure as ChatError).message, false);
      }
      return;
    }
    const address = new URL("ws", this._client._base);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new this._client._WebSocket(address.href, session._protocols());
    this._socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
    };
    socket.onclose = ({ code, reason }) => void this._lost(code, reason, opened);
    socket.onmessage = ({ data }) => {
      this._silent = false;
      this._received(JSON.parse(data as string) as ServerFrame);
    };
    this._timer("establish", () => void this._lost(NO_ANSWER, "", true), ESTABLISH_MS);
  }

  /** Lets go of the socket; a dead peer may never answer a close, so it is not awaited. */
  _drop(code = 1000) {
    const socket = this._socket;
    this._attempt++;
    this._socket = undefined;
    for (const name in this._timers) {
      this._timer(name);
    }
    if (socket) {
      socket.onopen = socket.onclose = socket.onmessage = null;
      socket.close(code);
    }
    if (this._user) {
      this._user = undefined;
      this._pending.clear();
      this._pendingBytes = 0;
      if (this._client._env.now() - this._openedAt > BEAT_MS) {
        this._failures = 0;
      }
      this._client._disconnected();
    }
  }

  async _lost(code: number, text: string, opened = true) {
    this._drop(NO_ANSWER);
    const attempt = this._attempt;
    let retryAfterMs: number | undefined;
    let hasEnded = false;
    this._is("connecting", { code, text });
    if (!opened) {
      // A browser does not say why a handshake failed.
      await this._client._rest("GET", PROBE).catch((failure: unknown) => {
        const why = failure as ChatError;
        text = why.message;
        retryAfterMs = why.retryAfterMs;
        code = { unauthenticated: UNAUTHENTICATED, forbidden: FORBIDDEN }[why.code] ?? code;
      });
    }
    if (code === UNAUTHENTICATED) {
      try {
        hasEnded = this._renewed || !(await this._client._session._renew());
        this._renewed = true;
      } catch (failure) {
        // Whether there is a token is not known yet.
        ({ retryAfterMs } = failure as ChatError);
      }
    }
    if (attempt !== this._attempt) {
      return;
    }
    if (hasEnded) {
      this._endSession();
    } else if (FINAL.includes(code)) {
      this._is("closed", { code, text });
    } else {
      this._pause(retryAfterMs, { code, text });
    }
  }

  _endSession() {
    this._show({ sessionEnded: true });
    this._is("closed", { code: UNAUTHENTICATED, text: "Session ended." });
  }

  /** Full jitter, so that the clients of a server that went away do not come back as one. */
  _pause(retryAfterMs = 0, reason?: ConnectionSnapshot["reason"]) {
    const { _env } = this._client;
    const pause = Math.max(retryAfterMs + jitter(_env.random(), this._failures++), this._notBefore - _env.now());
    this._timer("retry", () => void this._connect(), pause);
    this._is(here.navigator?.onLine === false ? "offline" : "waiting", reason, _env.now() + pause);
  }

  _received(frame: ServerFrame) {
    this._client._tapped("received", frame);
    switch (frame.type) {
      case "connection_established":
        this._open(frame);
        break;
      case "pong":
        this._show({ roundTrip: this._client._env.now() - this._pingAt });
        break;
      case "server_draining":
        // It will close. At a random moment of the time that it gives, so that its clients do not arrive elsewhere as one.
        this._notBefore = this._client._env.now() + this._client._env.random() * frame.reconnect_within_ms;
        break;
      case "ack":
      case "error":
        // One without an id says that a thread's next events are late; they come all the same.
        if (frame.id) {
          this._answered(frame.id, frame);
        }
        break;
      default:
        this._client._dispatch(frame);
    }
  }

  _open(frame: Frame<"connection_established">) {
    const { user_id, agents, agent_details = [], limits, log_id: logId } = frame;
    this._timer("establish");
    this._user = user_id;
    this._renewed = false;
    this._show({
      sessionEnded: false,
      reconnects: this._shown.reconnects + (this._openedAt ? 1 : 0),
      agents: agents.map((agent) => agent_details.find((detail) => detail.agent === agent) ?? { agent }),
      limits,
      logId,
    });
    this._openedAt = this._client._env.now();
    this._client._outbox._use(user_id);
    void this._client._session._established(user_id);
    this._is("open");
    this._beat();
    this._expire();
    this._client._connected();
  }

  /** Extends the session before its token expires. */
  _expire() {
    const { _session: session, _env: env } = this._client;
    if (!session._expiresAt) {
      return;
    }
    const left = session._expiresAt - env.now();
    this._timer(
      "token",
      () => {
        const isNew = session._renew().then(
          (has) => has && this._command({ type: "authenticate", token: session._token as string }),
          // Not now; it is not over yet.
          () => undefined,
        );
        void isNew.then(() => { this._expire(); });
      },
      Math.min(MAX_TIMER_MS, Math.max(BEAT_MS, left - 60_000)),
    );
  }

  /** Asks for a sign of life; without one until the next time the network is dead. */
  _beat(ms = here.document?.hidden ? HIDDEN_BEAT_MS : BEAT_MS) {
    if (this._silent) {
      void this._lost(NO_ANSWER, "No answer.");
      return;
    }
    this._silent = true;
    this._pingAt = this._client._env.now();
    this._send({ type: "ping" });
    this._timer("beat", () => { this._beat(); }, ms);
  }

  /** The network is back, or the page or the machine woke: what is open is doubted, what waits is tried. */
  _wake() {
    if (this._user) {
      this._client._outbox._lead();
      this._silent = false;
      this._beat(WAKE_MS);
    } else if (this._shown.retryAt) {
      void this._connect();
    }
  }

  _goOffline() {
    if (this._shown.state !== "closed") {
      this._drop(NO_ANSWER);
      this._pause();
    }
  }

  /** The frame's id; "" when it cannot be sent now, undefined when it never can. `done` is not called when the connection ends before the answer. */
  _command(command: NewCommand, done?: (answer: Answer) => void): string | undefined {
    const id = command.id ?? this._client._env.newId();
    const frame = { ...command, id };
    const bytes = new Blob([JSON.stringify(frame)]).size;
    const { max_message_bytes = bytes, max_pending_commands = 1, max_pending_bytes = bytes } = this._shown.limits ?? {};
    if (bytes > max_message_bytes) {
      return undefined;
    }
    if (!this._user || this._pending.size >= max_pending_commands || this._pendingBytes + bytes > max_pending_bytes) {
      return "";
    }
    this._pending.set(id, { _bytes: bytes, _done: done });
    this._pendingBytes += bytes;
    this._send(frame);
    return id;
  }

  /** The command of this id has its answer; there is room for others. */
  _answered(id: string, answer?: Answer) {
    const command = this._pending.get(id);
    if (command) {
      this._pending.delete(id);
      this._pendingBytes -= command._bytes;
      if (answer) {
        command._done?.(answer);
      }
      this._client._pump();
    }
  }

  _send(frame: object) {
    this._client._tapped("sent", { ...frame, token: undefined });
    this._socket?.send(JSON.stringify(frame));
  }
}
