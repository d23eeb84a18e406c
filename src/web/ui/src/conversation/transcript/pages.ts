import type { Thread } from "@chatbackend/client";
import { reasonOf } from "../talk.js";
import { Value } from "../value.js";

/** Pages of earlier events, one at a time. The value is why the last one could not be loaded. */
export class Pages extends Value<string | undefined> {
  #loading: Promise<boolean> | undefined;

  constructor(private readonly thread: Thread) {
    super(undefined);
  }

  /** Loads a page unless one is on its way, the last one failed, or there is none. */
  load(): void {
    if (this.getSnapshot() === undefined && this.#loading === undefined && this.thread.getSnapshot().hasEarlier) {
      void this.#next();
    }
  }

  retry(): void {
    this.set(undefined);
    this.load();
  }

  /** Loads all there is, or as much as is wanted; false when that failed. */
  async loadAll(enough: () => boolean): Promise<boolean> {
    this.set(undefined);
    while (this.thread.getSnapshot().hasEarlier && !enough()) {
      if (!await this.#next()) {
        return false;
      }
    }

    return true;
  }

  #next(): Promise<boolean> {
    this.#loading ??= this.#read();
    return this.#loading;
  }

  async #read(): Promise<boolean> {
    try {
      await this.thread.loadEarlier();
      return true;
    } catch (error) {
      this.set(reasonOf(error));
      return false;
    } finally {
      this.#loading = undefined;
    }
  }
}
