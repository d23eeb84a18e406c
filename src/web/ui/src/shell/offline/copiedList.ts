import type { Chat, ThreadList, ThreadListSnapshot } from "@chatbackend/client";
import { readList, saveList } from "./database.js";

const SAVE_AFTER_MS = 400;
const MAX_ROWS = 200;

/** The list as it was last seen, until the server has told the present one. */
export class CopiedList implements ThreadList {
  readonly #chat: Chat;
  readonly #listeners = new Set<() => void>();
  #copy: ThreadListSnapshot | undefined;
  #copyOf: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(chat: Chat) {
    this.#chat = chat;
    chat.threads.subscribe(() => {
      this.#saveLater();
      this.#tell();
    });
    chat.connection.subscribe(() => { void this.#readCopy(); });
    void this.#readCopy();
  }

  getSnapshot = (): ThreadListSnapshot => {
    const list = this.#chat.threads.getSnapshot();
    return this.#copy && list.state !== "live" && list.threads.length === 0 ? this.#copy : list;
  };

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  };

  open(): () => void {
    return this.#chat.threads.open();
  }

  loadMore(archived?: boolean): Promise<void> {
    return this.#chat.threads.loadMore(archived);
  }

  async #readCopy(): Promise<void> {
    const { userId } = this.#chat.connection.getSnapshot();
    if (userId === undefined || userId === this.#copyOf) {
      return;
    }
    this.#copyOf = userId;
    this.#copy = undefined;
    const kept = await readList(userId);
    // Whoever is here by now may be somebody else.
    if (kept && this.#copyOf === userId) {
      const { threads, archived } = kept.list;
      this.#copy = { state: "offline", hasMore: false, hasMoreArchived: false, threads, archived };
    }
    this.#tell();
  }

  #saveLater(): void {
    const { state, threads, archived } = this.#chat.threads.getSnapshot();
    const { userId: user } = this.#chat.connection.getSnapshot();
    if (state !== "live" || user === undefined) {
      return;
    }
    clearTimeout(this.#timer);
    // What runs or waits now is not known when it is read again.
    const rest = <T extends object>(row: T) => ({ ...row, running: false, needsApproval: false });
    this.#timer = setTimeout(() => {
      void saveList({ user, list: { threads: threads.slice(0, MAX_ROWS).map(rest), archived: archived.slice(0, MAX_ROWS).map(rest) } });
    }, SAVE_AFTER_MS);
  }

  #tell(): void {
    this.#listeners.forEach((listener) => { listener(); });
  }
}
