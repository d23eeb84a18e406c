import type { Ack, AgentInfo, Chat, ConnectionSnapshot, Observable, Run, RunSnapshot, Thread, ThreadSnapshot } from "@chatbackend/client";

/** An observable whose snapshots a test writes. */
export class Played<T> implements Observable<T> {
  readonly #listeners = new Set<() => void>();

  constructor(private snapshot: T) {}

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  }

  getSnapshot(): T {
    return this.snapshot;
  }

  play(snapshot: T): void {
    this.snapshot = snapshot;
    this.#listeners.forEach((listener) => { listener(); });
  }
}

export class PlayedRun extends Played<RunSnapshot> implements Run {
  readonly kind = "run";
  readonly key: string;
  readonly runId: string;

  constructor(snapshot: RunSnapshot) {
    super(snapshot);
    this.key = this.runId = snapshot.runId;
  }
}

const ACK: Ack = { status: "accepted" };

/** A thread that shows what it is given; what is done to it is written down in `done`. */
export class PlayedThread extends Played<ThreadSnapshot> implements Thread {
  readonly done: unknown[][] = [];
  /** Answers `loadEarlier`. */
  earlier: () => Promise<void> = () => Promise.resolve();

  open(): () => void { return () => undefined; }
  loadEarlier(): Promise<void> { return this.earlier(); }
  send(...given: Parameters<Thread["send"]>): Promise<Ack> { return this.#did("send", given); }
  stop(...given: Parameters<Thread["stop"]>): Promise<Ack> { return this.#did("stop", given); }
  takeBack(...given: Parameters<Thread["takeBack"]>): Promise<Ack> { return this.#did("takeBack", given); }
  decide(...given: Parameters<Thread["decide"]>): Promise<Ack> { return this.#did("decide", given); }
  selectBranch(...given: Parameters<Thread["selectBranch"]>): Promise<Ack> { return this.#did("selectBranch", given); }
  feedback(...given: Parameters<Thread["feedback"]>): Promise<Ack> { return this.#did("feedback", given); }
  markRead(): void { /* nobody counts */ }
  async rename(...given: Parameters<Thread["rename"]>): Promise<void> { await this.#did("rename", given); }
  async archive(...given: Parameters<Thread["archive"]>): Promise<void> { await this.#did("archive", given); }
  async delete(): Promise<void> { await this.#did("delete", []); }
  async readResult(...given: Parameters<Thread["readResult"]>): Promise<unknown> {
    await this.#did("readResult", given);
    return { whole: "result" };
  }
  exportUrl(): string { return "export"; }
  async discard(...given: Parameters<Thread["discard"]>): Promise<void> { await this.#did("discard", given); }
  retry(...given: Parameters<Thread["retry"]>): Promise<Ack> { return this.#did("retry", given); }

  #did(what: string, given: readonly unknown[]): Promise<Ack> {
    this.done.push([what, ...given]);
    return Promise.resolve(ACK);
  }
}

export const AGENTS: readonly AgentInfo[] = [
  {
    agent: "concierge",
    description: "Plans trips, knows the time everywhere and searches what you said before.",
    suggestions: ["What time is it in Tokyo?", "Plan a weekend in Zürich", "Find what I said about whales", "What is (1 + 2) × 3?"],
  },
  { agent: "support", description: "Answers questions about your orders." },
];

export function playedChat(connection: Partial<ConnectionSnapshot>, thread: Thread): Chat {
  return {
    connection: new Played<ConnectionSnapshot>({
      state: "open", sessionEnded: false, agents: AGENTS, reconnects: 0, userId: "usr_me", limits: { max_message_bytes: 262_144 }, ...connection,
    }),
    threads: Object.assign(new Played({ state: "live" as const, threads: [], archived: [], hasMore: false, hasMoreArchived: false }), {
      open: () => () => undefined,
      loadMore: () => Promise.resolve(),
    }),
    outbox: new Played([]),
    thread: () => thread,
    newThread: () => thread,
    search: () => Promise.resolve({ hits: [] }),
    tap: () => () => undefined,
    reconnect: () => undefined,
    startSession: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
