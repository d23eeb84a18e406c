/** What a user interface gets of a chat. Every observable fits React's `useSyncExternalStore`, a Svelte store or a Vue `shallowRef`. */

import type { Run, ToolCall } from "./run-api.js";

export type * from "./run-api.js";

/** `getSnapshot` gives the same immutable object until something changed; then the listeners are called, at most once for each batch of frames. */
export interface Observable<T> {
  subscribe(listener: () => void): () => void;
  getSnapshot(): T;
}

export interface Chat {
  readonly connection: Observable<ConnectionSnapshot>;
  readonly threads: ThreadList;
  /** What is written and not acknowledged yet, of all threads of this user, in this tab and others. */
  readonly outbox: Observable<readonly OutboxEntry[]>;
  /** Always the same object for the same id; also takes the `draft` of an outbox entry. */
  thread(threadId: string): Thread;
  /** A thread that the server opens with the first message sent to it; from then on it is the same as `thread(id)`. */
  newThread(options?: { agent?: string }): Thread;
  /** Every page of a search over the user's threads is one call; `cursor` is the `nextCursor` of the page before. */
  search(query: string, cursor?: string): Promise<SearchPage>;
  /** Every frame sent and received, as it is on the wire, for a developer's drawer. */
  tap(listener: (frame: TappedFrame) => void): () => void;
  /** Tries at once instead of waiting: for a "Retry now" button. */
  reconnect(): void;
  /** After `sessionEnded`: begins a new session as the options say. What is unsent stays with the user who wrote it. */
  startSession(): Promise<void>;
  close(): Promise<void>;
}

export type ConnectionState = "connecting" | "open" | "waiting" | "offline" | "closed";

export interface ConnectionSnapshot {
  /** `waiting`: cut off, tries again at `retryAt`. `offline`: the browser says that there is no network. `closed`: for good, `reason` says why. */
  readonly state: ConnectionState;
  /** Milliseconds of `Date.now()`. */
  readonly retryAt?: number;
  readonly reason?: { readonly code: number; readonly text: string };
  readonly userId?: string;
  /** The session is over and no new token was had: the person decides whether to sign in or to go on as somebody new. */
  readonly sessionEnded: boolean;
  readonly agents: readonly AgentInfo[];
  /** `limits` of `connection_established`, as on the wire. */
  readonly limits?: Readonly<Record<string, number>>;
  readonly logId?: string;
  /** Milliseconds, of the newest ping. */
  readonly roundTrip?: number;
  readonly reconnects: number;
}

export interface AgentInfo {
  readonly agent: string;
  readonly description?: string;
  readonly suggestions?: readonly string[];
}

export interface ThreadRow {
  readonly threadId: string;
  readonly title?: string;
  readonly agent?: string;
  readonly archived: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly head: number;
  readonly running: boolean;
  readonly needsApproval: boolean;
  readonly unread: boolean;
}

export interface ThreadListSnapshot {
  /** `loading` until the first page is there; `live` while the feed is followed. */
  readonly state: "loading" | "live" | "offline";
  /** Newest activity first, archived ones left out. */
  readonly threads: readonly ThreadRow[];
  readonly archived: readonly ThreadRow[];
  /** There are older threads; `loadMore` gets them. */
  readonly hasMore: boolean;
  readonly hasMoreArchived: boolean;
}

export interface ThreadList extends Observable<ThreadListSnapshot> {
  /** Follows the list while somebody holds it; the result lets it go. */
  open(): () => void;
  /** The next older threads, or the next of the archive, of which only what changed is known before. */
  loadMore(archived?: boolean): Promise<void>;
}

export type ThreadState = "new" | "loading" | "live" | "catching_up" | "offline" | "not_found" | "deleted";

export interface ThreadSnapshot {
  readonly threadId?: string;
  readonly title?: string;
  /** The one that answers the next message: of the last message, or as set for a new thread. */
  readonly agent?: string;
  readonly state: ThreadState;
  /** There are events before the first entry; `loadEarlier` gets them. */
  readonly hasEarlier: boolean;
  /** In the order of the log, what is replaced by an edit left out. */
  readonly entries: readonly Entry[];
  /** The open run. */
  readonly run?: Run;
  /** The log went back in time, or begins later than what was shown: the transcript was read again. */
  readonly notice?: "restored" | "expired";
}

export interface Thread extends Observable<ThreadSnapshot> {
  /** Follows the thread while somebody holds it; the result lets it go. */
  open(): () => void;
  loadEarlier(): Promise<void>;
  /** Shown at once as a pending message, sent once whatever happens; resolves when acknowledged, rejects with `ChatError` when refused. */
  send(content: string, options?: SendOptions): Promise<Ack>;
  /** Without an id the open run. */
  stop(runId?: string): Promise<Ack>;
  /** Takes back a message that waits. */
  takeBack(messageId: string): Promise<Ack>;
  decide(call: ToolCall, decision: "approve" | "reject", note?: string): Promise<Ack>;
  /** Shows another branch of an edited or regenerated message; durable, on every device. */
  selectBranch(messageId: string): Promise<Ack>;
  /** `messageId` of a run's answer. */
  feedback(messageId: string, rating: "up" | "down" | "none", note?: string): Promise<Ack>;
  /** Everything up to the last event is read. */
  markRead(): void;
  rename(title: string): Promise<void>;
  archive(archived: boolean): Promise<void>;
  delete(): Promise<void>;
  /** The whole of a result that is shown cut (`resultBytes`). */
  readResult(callId: string): Promise<unknown>;
  /** Address of the download. */
  exportUrl(format: "json" | "markdown"): string;
  /** Gives a message up that failed: it leaves outbox and transcript. */
  discard(clientId: string): Promise<void>;
  /** Sends a message again that failed. */
  retry(clientId: string): Promise<Ack>;
}

export interface SendOptions {
  readonly agent?: string;
  readonly whenRunning?: "queue" | "steer" | "interrupt" | "reject";
  /** `messageId` of a message of the user: edits it, or with the same content makes its answer again. */
  readonly replaces?: string;
}

export interface Ack {
  readonly status: "accepted" | "duplicate";
  readonly threadId?: string;
  readonly seq?: number;
  readonly messageId?: string;
  readonly runId?: string;
}

export type Entry = Message | Run | Note;

export interface Message {
  readonly kind: "message";
  /** Stays the same from pending to sent. */
  readonly key: string;
  readonly clientId?: string;
  readonly messageId?: string;
  readonly seq?: number;
  readonly content: string;
  readonly at: string;
  /** `queued`: acknowledged, waits for the open run. */
  readonly state: "pending" | "queued" | "sent" | "failed";
  readonly whenRunning?: string;
  readonly agent?: string;
  readonly replaces?: string;
  readonly error?: ChatErrorInfo;
  /** Set when the message has been edited or its answer made again: which branch this is. */
  readonly branch?: Branch;
}

export interface Branch {
  /** From 0. */
  readonly index: number;
  /** `messageId` of each. */
  readonly of: readonly string[];
}

/** What else happened in the thread, for people: `renamed`, or an event type that this client does not know. */
export interface Note {
  readonly kind: "note";
  readonly key: string;
  readonly type: string;
  readonly at: string;
  /** Of `renamed`. */
  readonly title?: string;
}

export interface OutboxEntry {
  readonly clientId: string;
  readonly threadId?: string;
  /** Of a message to a thread that the server has not opened yet: `thread(draft)` is that thread. */
  readonly draft?: string;
  readonly type: "chat" | "stop" | "decide" | "select_branch" | "feedback";
  readonly queuedAt: number;
  readonly error?: ChatErrorInfo;
}

export interface ChatErrorInfo {
  /** As in docs/protocol.md 9, or `unreachable`. */
  readonly code: string;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
}

export interface SearchPage {
  readonly hits: readonly SearchHit[];
  readonly nextCursor?: string;
}

export interface SearchHit {
  readonly threadId: string;
  readonly title?: string;
  readonly seq: number;
  readonly at: string;
  readonly excerpt: string;
  readonly highlights: readonly { readonly start: number; readonly length: number }[];
}

export interface TappedFrame {
  readonly direction: "sent" | "received" | "state";
  /** Milliseconds of `performance.now()`. */
  readonly at: number;
  /** The token of `authenticate` is left out. */
  readonly frame: Readonly<Record<string, unknown>>;
}
