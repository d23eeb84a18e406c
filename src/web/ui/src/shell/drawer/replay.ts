import type { Chat, Observable, Thread } from "@chatbackend/client";
import { createChat } from "@chatbackend/client";
import { drawerText } from "../../text/drawer.js";
import { shellText } from "../../text/shell.js";
import type { ReplayServer } from "./replayServer.js";
import { socketTo } from "./replayServer.js";

type ThreadEvent = Readonly<Record<string, unknown>> & { readonly seq: number; readonly at: string };

/** An exported thread, as docs/protocol.md 10 has it. */
export interface ExportedThread {
  readonly threadId: string;
  readonly title: string;
  readonly events: readonly ThreadEvent[];
  readonly results: Readonly<Record<string, unknown>>;
}

export interface ReplayState {
  readonly done: number;
  readonly all: number;
  readonly playing: boolean;
  readonly speed: number;
}

export const speeds = [0.5, 1, 2, 4, 8, 16] as const;
/** A person who thought for an hour is not waited for. */
const LONGEST_PAUSE_MS = 3_000;

export function parseExport(text: string): ExportedThread {
  const { thread_id: threadId, title, events, tool_results: results } = parseObject(text);
  if (typeof threadId !== "string" || !Array.isArray(events) || !events.every(isEvent)) {
    throw new Error(drawerText.notAnExport);
  }
  return {
    threadId,
    title: typeof title === "string" ? title : shellText.untitled,
    events,
    results: typeof results === "object" && results !== null ? results as Record<string, unknown> : {},
  };
}

/** A thread that happens again: the client is the real one, only what it is connected to is a file. */
export class Replay implements Observable<ReplayState> {
  readonly chat: Chat;
  readonly thread: Thread;
  readonly #server: ReplayServer;
  readonly #listeners = new Set<() => void>();
  #state: ReplayState;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly source: ExportedThread, speed = 1) {
    const { threadId, events, results } = source;
    this.#state = { done: 0, all: events.length, playing: false, speed };
    this.#server = { threadId, sent: [], send: undefined };
    this.chat = createChat({
      url: new URL("replay/", document.baseURI).href,
      session: () => Promise.resolve({ token: "replay" }),
      storage: "memory",
      WebSocket: socketTo(this.#server),
      // All that is asked for beside the socket is whole results of tools.
      fetch: (input) => Promise.resolve(answerOf(input instanceof Request ? input.url : String(input), results)),
    });
    this.thread = this.chat.thread(threadId);
  }

  getSnapshot = (): ReplayState => this.#state;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  };

  play(): void {
    this.#change({ playing: this.#state.done < this.#state.all });
    this.#schedule();
  }

  pause(): void {
    clearTimeout(this.#timer);
    this.#change({ playing: false });
  }

  setSpeed(speed: number): void {
    this.#change({ speed });
    this.#schedule();
  }

  step(): void {
    const { done, all } = this.#state;
    const event = this.source.events[done];
    if (event) {
      this.#server.sent.push(event);
      this.#server.send?.(event);
      this.#change({ done: done + 1, playing: this.#state.playing && done + 1 < all });
    }
    this.#schedule();
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.chat.close();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const { done, playing, speed } = this.#state;
    const [before, next] = [this.source.events[done - 1], this.source.events[done]];
    if (playing && next) {
      const pause = before ? Date.parse(next.at) - Date.parse(before.at) : 0;
      this.#timer = setTimeout(() => { this.step(); }, Math.min(Math.max(pause, 0), LONGEST_PAUSE_MS) / speed);
    }
  }

  #change(changes: Partial<ReplayState>): void {
    this.#state = { ...this.#state, ...changes };
    this.#listeners.forEach((listener) => { listener(); });
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? parsed as Record<string, unknown> : {};
  } catch {
    throw new Error(drawerText.notAnExport);
  }
}

function isEvent(event: unknown): event is ThreadEvent {
  return typeof event === "object" && event !== null && "seq" in event && typeof event.seq === "number" && "at" in event && typeof event.at === "string";
}

function answerOf(url: string, results: Readonly<Record<string, unknown>>): Response {
  const callId = decodeURIComponent(/\/tool_results\/([^/?]+)$/.exec(url)?.[1] ?? "");
  return callId in results ? Response.json(results[callId]) : Response.json({ status: 404, detail: drawerText.replayOnly }, { status: 404 });
}
