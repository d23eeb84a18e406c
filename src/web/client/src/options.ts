import type { ChatStorage } from "./storage.js";

export interface ChatOptions {
  /** Address of the server, as of a folder (`https://host/chat/`). By default the page's own; needed where there is no page. */
  readonly url?: string;
  /**
   * Who the user is. `guest` (default): somebody new on the first visit, and never again unless asked (`startSession`). `cookie`: the application has signed them in.
   * A function gives a token; it is called for the first connection, before a token expires and when the server refuses one, and gives nothing when nobody is signed in.
   */
  readonly session?: "guest" | "cookie" | (() => Promise<Token | undefined>);
  /** What is unsent outlives the page in IndexedDB (`shared`, default where there is one), or not (`memory`). */
  readonly storage?: "shared" | "memory" | ChatStorage;
  /** For Node 20, which has none. */
  readonly WebSocket?: new (url: string, protocols: string[]) => WebSocket;
  readonly fetch?: typeof fetch;
  /** Clock, timers and chance, for tests. */
  readonly env?: Partial<ChatEnv>;
}

export interface Token {
  readonly token: string;
  /** RFC 3339 or milliseconds: some time before it another one is asked for, and the session goes on in place. */
  readonly expiresAt?: string | number;
}

export interface ChatEnv {
  /** Milliseconds of `Date.now()`. */
  now(): number;
  later(work: () => void, ms: number): unknown;
  cancel(timer: unknown): void;
  random(): number;
  newId(): string;
  /** Calls `flush` soon, when listeners are to be told: with the next picture of a page that is seen, else as a microtask. */
  batch(flush: () => void): void;
}
