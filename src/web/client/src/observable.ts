import type { Observable } from "./api.js";
import type { Client } from "./client.js";

export abstract class Source<T> implements Observable<T> {
  _client: Client;
  _listeners = new Set<() => void>();
  _snapshot: T | undefined;

  constructor(client: Client) {
    this._client = client;
  }

  subscribe = (listener: () => void) => {
    const own = () => {
      listener();
    };
    this._listeners.add(own);
    return () => {
      this._listeners.delete(own);
    };
  };

  getSnapshot = (): T => (this._snapshot ??= this._build());

  abstract _build(): T;

  _touch() {
    this._snapshot = undefined;
    this._client._told(this);
  }
}
