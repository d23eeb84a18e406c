import type { ThreadListSnapshot } from "@chatbackend/client";
import type { KeptSnapshot } from "./freeze.js";

export interface KeptThread {
  readonly user: string;
  readonly threadId: string;
  readonly savedAt: number;
  readonly snapshot: KeptSnapshot;
}

export interface KeptList {
  readonly user: string;
  readonly list: Pick<ThreadListSnapshot, "threads" | "archived">;
}

const MAX_THREADS = 30;
const place = new URL(".", document.baseURI).pathname;

let opening: Promise<IDBDatabase | undefined> | undefined;

// Where the browser keeps nothing (a private window, a full disk) nothing is readable offline, and all else works.
function open(): Promise<IDBDatabase | undefined> {
  opening ??= new Promise((resolve) => {
    const request = indexedDB.open(`chat copies ${place}`, 1);
    request.onupgradeneeded = () => {
      const threads = request.result.createObjectStore("threads", { keyPath: ["user", "threadId"] });
      threads.createIndex("savedAt", "savedAt");
      request.result.createObjectStore("lists", { keyPath: "user" });
    };
    request.onsuccess = () => { resolve(request.result); };
    request.onerror = () => { resolve(undefined); };
  });
  return opening;
}

type Stores = readonly ("threads" | "lists")[];

async function inTransaction<T>(stores: Stores, mode: IDBTransactionMode, work: (transaction: IDBTransaction) => IDBRequest<T> | undefined): Promise<T | undefined> {
  const database = await open();
  if (!database) {
    return undefined;
  }
  const transaction = database.transaction([...stores], mode);
  const request = work(transaction);
  return new Promise((resolve) => {
    transaction.oncomplete = () => { resolve(request?.result); };
    transaction.onabort = () => { resolve(undefined); };
  });
}

export function readThread(user: string, threadId: string): Promise<KeptThread | undefined> {
  return inTransaction<KeptThread>(["threads"], "readonly", (transaction) => transaction.objectStore("threads").get([user, threadId]));
}

export function readList(user: string): Promise<KeptList | undefined> {
  return inTransaction<KeptList>(["lists"], "readonly", (transaction) => transaction.objectStore("lists").get(user));
}

/** Keeps the threads that were looked at last; the oldest ones make room. */
export async function saveThread(kept: KeptThread): Promise<void> {
  await inTransaction(["threads"], "readwrite", (transaction) => {
    const threads = transaction.objectStore("threads");
    threads.put(kept);
    let count = 0;
    threads.index("savedAt").openKeyCursor(null, "prev").onsuccess = ({ target }) => {
      const cursor = (target as IDBRequest<IDBCursor | null>).result;
      if (cursor) {
        if (++count > MAX_THREADS) {
          threads.delete(cursor.primaryKey);
        }
        cursor.continue();
      }
    };
    return undefined;
  });
}

export async function saveList(kept: KeptList): Promise<void> {
  await inTransaction(["lists"], "readwrite", (transaction) => transaction.objectStore("lists").put(kept));
}

export async function eraseThread(user: string, threadId: string): Promise<void> {
  await inTransaction(["threads"], "readwrite", (transaction) => transaction.objectStore("threads").delete([user, threadId]));
}

/** Leaves nothing of anybody else on this device. */
export async function eraseOthers(user: string): Promise<void> {
  await inTransaction(["threads", "lists"], "readwrite", (transaction) => {
    for (const name of ["threads", "lists"]) {
      transaction.objectStore(name).openCursor().onsuccess = ({ target }) => {
        const cursor = (target as IDBRequest<IDBCursorWithValue | null>).result;
        if (cursor) {
          if ((cursor.value as { user: string }).user !== user) {
            cursor.delete();
          }
          cursor.continue();
        }
      };
    }
    return undefined;
  });
}
