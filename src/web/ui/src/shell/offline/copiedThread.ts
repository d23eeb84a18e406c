import type { Ack, Chat, SendOptions, Thread, ThreadSnapshot, ToolCall } from "@chatbackend/client";
import { eraseThread, readThread, saveThread } from "./database.js";
import { freeze, thaw } from "./freeze.js";

const SAVE_AFTER_MS = 400;

/** A thread that shows what it held when it was last open, until the server has told what it holds now. */
export class CopiedThread implements Thread {
  readonly #chat: Chat;
  readonly #thread: Thread;
  readonly #listeners = new Set<() => void>();
  #holders = 0;
  #isTold = false;
  #copy: ThreadSnapshot | undefined;
  #copyOf: string | undefined;
  #merged: { readonly live: ThreadSnapshot; readonly snapshot: ThreadSnapshot } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(chat: Chat, thread: Thread) {
    this.#chat = chat;
    this.#thread = thread;
    thread.subscribe(() => {
      this.#changed();
      this.#tell();
    });
    chat.connection.subscribe(() => { void this.#readCopy(); });
  }

  getSnapshot = (): ThreadSnapshot => {
    const live = this.#thread.getSnapshot();
    this.#isTold ||= isTold(live);
    if (this.#isTold || !this.#copy) {
      return live;
    }
    if (this.#merged?.live !== live) {
      const keys = new Set(this.#copy.entries.map(({ key }) => key));
      // What is written meanwhile stands below.
      this.#merged = { live, snapshot: { ...this.#copy, entries: [...this.#copy.entries, ...live.entries.filter(({ key }) => !keys.has(key))] } };
    }
    return this.#merged.snapshot;
  };

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  };

  open(): () => void {
    this.#holders++;
    void this.#readCopy();
    const close = this.#thread.open();
    return () => {
      this.#holders--;
      close();
    };
  }

  loadEarlier = (): Promise<void> => this.#thread.loadEarlier();
  send = (content: string, options?: SendOptions): Promise<Ack> => this.#thread.send(content, options);
  stop = (runId?: string): Promise<Ack> => this.#thread.stop(runId);
  takeBack = (messageId: string): Promise<Ack> => this.#thread.takeBack(messageId);
  decide = (call: ToolCall, decision: "approve" | "reject", note?: string): Promise<Ack> => this.#thread.decide(call, decision, note);
  selectBranch = (messageId: string): Promise<Ack> => this.#thread.selectBranch(messageId);
  feedback = (messageId: string, rating: "up" | "down" | "none", note?: string): Promise<Ack> => this.#thread.feedback(messageId, rating, note);
  markRead = (): void => { this.#thread.markRead(); };
  rename = (title: string): Promise<void> => this.#thread.rename(title);
  archive = (archived: boolean): Promise<void> => this.#thread.archive(archived);
  delete = (): Promise<void> => this.#thread.delete();
  readResult = (callId: string): Promise<unknown> => this.#thread.readResult(callId);
  exportUrl = (format: "json" | "markdown"): string => this.#thread.exportUrl(format);
  discard = (clientId: string): Promise<void> => this.#thread.discard(clientId);
  retry = (clientId: string): Promise<Ack> => this.#thread.retry(clientId);

  async #readCopy(): Promise<void> {
    const { userId } = this.#chat.connection.getSnapshot();
    const { threadId } = this.#thread.getSnapshot();
    if (this.#holders === 0 || this.#isTold || userId === undefined || threadId === undefined || userId === this.#copyOf) {
      return;
    }
    this.#copyOf = userId;
    this.#copy = undefined;
    const kept = await readThread(userId, threadId);
    if (kept && this.#copyOf === userId) {
      this.#copy = thaw(threadId, kept.snapshot);
      this.#merged = undefined;
      this.#tell();
    }
  }

  #changed(): void {
    clearTimeout(this.#timer);
    const snapshot = this.#thread.getSnapshot();
    const { threadId, state, entries, run } = snapshot;
    const { userId: user } = this.#chat.connection.getSnapshot();
    if (threadId === undefined || user === undefined) {
      return;
    }
    if (state === "not_found" || state === "deleted") {
      void eraseThread(user, threadId);
    } else if (state === "live" && entries.length > 0 && run === undefined) {
      // An answer in the making would look as if it never ended.
      this.#timer = setTimeout(() => { void saveThread({ user, threadId, savedAt: Date.now(), snapshot: freeze(snapshot) }); }, SAVE_AFTER_MS);
    }
  }

  #tell(): void {
    this.#listeners.forEach((listener) => { listener(); });
  }
}

function isTold({ state, entries }: ThreadSnapshot): boolean {
  return state === "live" || state === "not_found" || state === "deleted" || (state === "catching_up" && entries.length > 0);
}
