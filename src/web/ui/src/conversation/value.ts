import type { Observable } from "@chatbackend/client";

/** A value that is observed. */
export class Value<T> implements Observable<T> {
  readonly #listeners = new Set<() => void>();

  constructor(private value: T) {}

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  }

  getSnapshot(): T {
    return this.value;
  }

  set(value: T): void {
    if (!Object.is(this.value, value)) {
      this.value = value;
      this.#listeners.forEach((listener) => { listener(); });
    }
  }
}
