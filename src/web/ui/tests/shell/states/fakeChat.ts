import type { Chat, ConnectionSnapshot, Observable, SearchPage, TappedFrame, Thread, ThreadListSnapshot, ThreadRow, ThreadSnapshot } from "@chatbackend/client";

/** An observable whose snapshot the test sets. */
export class Settable<T> implements Observable<T> {
  readonly #listeners = new Set<() => void>();
  constructor(private snapshot: T) {}
  readonly getSnapshot = (): T => this.snapshot;
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  };
  set(snapshot: T): void {
    this.snapshot = snapshot;
    this.#listeners.forEach((listener) => { listener(); });
  }
  change(changes: Partial<T>): void {
    this.set({ ...this.snapshot, ...changes });
  }
}

export const now = new Date("2026-11-28T09:30:00.000Z");

export function row(threadId: string, title: string | undefined, daysAgo: number, marks: Partial<ThreadRow> = {}): ThreadRow {
  const at = new Date(now.getTime() - daysAgo * 86_400_000).toISOString();
  return { threadId, ...(title === undefined ? {} : { title }), archived: false, createdAt: at, updatedAt: at, head: 4, running: false, needsApproval: false, unread: false, ...marks };
}

/** A chat of plain snapshots: what the page shows of each, without a server. What the page asks for is in `asked`. */
export class FakeChat implements Chat {
  readonly connection = new Settable<ConnectionSnapshot>({ state: "open", sessionEnded: false, agents: [{ agent: "demo" }], reconnects: 0, userId: "usr_1b", roundTrip: 12, logId: "9f3c0a51d27e4b86" });
  readonly list = new Settable<ThreadListSnapshot>({ state: "live", threads: [], archived: [], hasMore: false, hasMoreArchived: false });
  readonly outbox = new Settable<Chat["outbox"] extends Observable<infer T> ? T : never>([]);
  readonly asked: string[] = [];
  page: SearchPage = { hits: [] };
  /** What the next command fails with. */
  failure: Error | undefined;
  readonly #threads = new Map<string, FakeThread>();
  readonly #taps = new Set<(frame: TappedFrame) => void>();

  readonly threads: Chat["threads"] = {
    subscribe: (listener) => this.list.subscribe(listener),
    getSnapshot: () => this.list.getSnapshot(),
    open: () => () => undefined,
    loadMore: () => this.done("loadMore"),
  };

  thread(threadId: string): FakeThread {
    const known = this.#threads.get(threadId);
    if (known) {
      return known;
    }
    const { threads, archived } = this.list.getSnapshot();
    const { title } = [...threads, ...archived].find((candidate) => candidate.threadId === threadId) ?? {};
    const thread = new FakeThread(this, { threadId, state: "live", hasEarlier: false, entries: [], ...(title === undefined ? {} : { title }) });
    this.#threads.set(threadId, thread);
    return thread;
  }

  newThread(): FakeThread {
    return new FakeThread(this, { state: "new", hasEarlier: false, entries: [] });
  }

  async search(query: string, cursor?: string): Promise<SearchPage> {
    await this.done(`search ${query} ${cursor ?? ""}`.trim());
    return this.page;
  }

  tap(listener: (frame: TappedFrame) => void): () => void {
    this.#taps.add(listener);
    return () => { this.#taps.delete(listener); };
  }

  frame(frame: TappedFrame): void {
    this.#taps.forEach((tap) => { tap(frame); });
  }

  reconnect(): void { this.asked.push("reconnect"); }
  startSession(): Promise<void> { return this.done("startSession"); }
  close(): Promise<void> { return this.done("close"); }

  done(what: string): Promise<void> {
    this.asked.push(what);
    const { failure } = this;
    this.failure = undefined;
    return failure ? Promise.reject(failure) : Promise.resolve();
  }
}

const refused = () => Promise.reject(new Error("The states of the shell send no messages."));

export class FakeThread extends Settable<ThreadSnapshot> implements Thread {
  constructor(private readonly chat: FakeChat, snapshot: ThreadSnapshot) { super(snapshot); }
  readonly #id = () => this.getSnapshot().threadId ?? "new";
  open = () => () => undefined;
  loadEarlier = () => this.chat.done(`loadEarlier ${this.#id()}`);
  send = refused;
  stop = refused;
  takeBack = refused;
  decide = refused;
  toolResult = refused;
  selectBranch = refused;
  feedback = refused;
  retry = refused;
  readResult = refused;
  discard = () => Promise.resolve();
  markRead = () => undefined;
  rename = (title: string) => this.chat.done(`rename ${this.#id()} ${title}`);
  archive = (archived: boolean) => this.chat.done(`archive ${this.#id()} ${archived}`);
  delete = () => this.chat.done(`delete ${this.#id()}`);
  exportUrl = (format: "json" | "markdown") => `api/threads/${this.#id()}/export?format=${format}`;
}
