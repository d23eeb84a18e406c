let keys = 0;

/** What one component shows, and what may grow while it is shown. Only the end of a document ever calls `changed`. */
export abstract class Growing {
  /** Tells it from its siblings. */
  readonly key = keys++;
  #closed = false;
  #listener: (() => void) | undefined;

  /** Nothing will be added any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** One component shows it. */
  listen(listener: () => void): () => void {
    if (this.#listener !== undefined) throw new Error("Two components show what may grow, and only one of them would learn of it.");
    this.#listener = listener;
    return () => {
      this.#listener = undefined;
    };
  }

  close(): void {
    this.#closed = true;
  }

  protected changed(): void {
    this.#listener?.();
  }
}
