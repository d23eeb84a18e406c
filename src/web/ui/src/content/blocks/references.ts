export interface Definition {
  readonly address: string;
  readonly title: string;
}

/** Labels that were defined. A reference before its definition learns of it, and of nothing else. */
export class Labels<T> {
  readonly #defined = new Map<string, T>();
  readonly #listeners = new Map<string, Set<() => void>>();

  get size(): number {
    return this.#defined.size;
  }

  get(label: string): T | undefined {
    return this.#defined.get(normalize(label));
  }

  /** The first definition of a label holds. */
  define(label: string, definition: T): void {
    const key = normalize(label);
    if (this.#defined.has(key)) return;
    this.#defined.set(key, definition);
    const listeners = this.#listeners.get(key);
    this.#listeners.delete(key);
    listeners?.forEach((listener) => { listener(); });
  }

  listen(label: string, listener: () => void): () => void {
    const key = normalize(label);
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(listener));
    return () => listeners.delete(listener);
  }
}

function normalize(label: string): string {
  return label.trim().replace(/\s+/g, " ").toLowerCase().toUpperCase();
}
