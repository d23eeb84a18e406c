/** What is kept of one value; `n` is its place in the order of writing, given by the storage to a value without one. */
export interface StoredValue {
  n?: number;
}

/** What outlives a page. All tabs that are given the same one share what is in it. */
export interface ChatStorage {
  /** Everything, in the order of `n`. */
  all(): Promise<StoredValue[]>;
  /** One transaction, durable when it resolves: writes `put`, gives each value its `n`, and removes the values at `remove`. */
  write(put: readonly StoredValue[], remove?: readonly number[]): Promise<void>;
  /** Runs `hold` while nobody else, in any tab, holds the lock of this name. The lock of a tab that dies goes to the next. Whoever waits leaves the queue by `signal`. */
  lock<T>(name: string, hold: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Tells the other tabs. */
  post(message: unknown): void;
  /** Called with what other tabs tell. */
  onmessage?: (message: unknown) => void;
  close(): void;
}

/** For Node, and for browsers that keep nothing: what is unsent lives as long as the page. */
export function memoryStorage(): ChatStorage {
  const values = new Map<number, StoredValue>();
  let last = 0;
  return {
    all: () => Promise.resolve([...values.values()]),
    write: (put, remove = []) => {
      for (const value of put) {
        value.n ??= ++last;
        values.set(value.n, value);
      }
      for (const n of remove) {
        values.delete(n);
      }
      return Promise.resolve();
    },
    lock: (_name, hold) => hold(),
    post() {},
    close() {},
  };
}

const KEPT = "kept";

/** In IndexedDB, shared by the tabs of an origin; as `memoryStorage` where the browser has none. */
export function sharedStorage(name: string): ChatStorage {
  const memory = memoryStorage();
  const channel = new BroadcastChannel(name);
  const opened = new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(KEPT, { keyPath: "n", autoIncrement: true });
    };
    request.onsuccess = () => {
      resolve(request.result);
    };
    request.onerror = reject;
    // A browser that refuses (private windows) leaves the page with what it has in memory.
  }).catch(() => undefined);

  /** One transaction; when it resolves the requests of `work` have succeeded and what they wrote is durable. */
  const run = async <T>(work: (store: IDBObjectStore) => T): Promise<T | undefined> => {
    const transaction = (await opened)?.transaction(KEPT, "readwrite", { durability: "strict" });
    return (
      transaction &&
      new Promise<T>((resolve, reject) => {
        const done = work(transaction.objectStore(KEPT));
        transaction.oncomplete = () => {
          resolve(done);
        };
        transaction.onabort = () => {
          reject(new Error(String(transaction.error)));
        };
      })
    );
  };

  const storage: ChatStorage = {
    all: async () => ((await run((store) => store.getAll()))?.result as StoredValue[] | undefined) ?? memory.all(),
    write: async (put, remove = []) => {
      const written = await run((store) => {
        for (const n of remove) {
          store.delete(n);
        }
        return put.map((value) => store.put(value));
      });
      if (!written) {
        await memory.write(put, remove);
      }
      put.forEach((value, place) => {
        value.n ??= written?.[place]?.result as number;
      });
    },
    // Pages without Web Locks (plain http) do not wait for one another: what two tabs send has one effect all the same.
    lock: (lockName, hold, signal) => (navigator as Partial<Navigator>).locks?.request(name + lockName, signal ? { signal } : {}, hold) ?? hold(),
    post: (message) => {
      channel.postMessage(message);
    },
    close: () => {
      channel.close();
    },
  };
  channel.onmessage = ({ data }) => storage.onmessage?.(data);
  return storage;
}
