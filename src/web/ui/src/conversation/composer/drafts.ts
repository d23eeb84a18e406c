import type { Chat } from "@chatbackend/client";
import { useMemo } from "preact/hooks";
import { useObservable } from "../../kit/useObservable.js";

/** What somebody has begun to write, and to whom. It outlives the tab. */
export interface Draft {
  readonly text: string;
  readonly agent?: string;
}

const EMPTY: Draft = { text: "" };

/** Drafts of one user. A store that is full or forbidden keeps them in memory. */
export class Drafts {
  static readonly #kept = new Map<string, string>();

  constructor(private readonly userId: string) {}

  /** `of`: the id of a thread, of a message that is edited, or `new`. */
  read(of: string): Draft {
    const stored = Drafts.#kept.get(this.#key(of)) ?? stores((store) => store.getItem(this.#key(of)));
    return stored === undefined || stored === null ? EMPTY : parse(stored);
  }

  write(of: string, draft: Draft): void {
    const key = this.#key(of);
    if (draft.text === "" && draft.agent === undefined) {
      Drafts.#kept.delete(key);
      stores((store) => { store.removeItem(key); });
      return;
    }

    const value = JSON.stringify(draft);
    const stored = stores((store) => {
      store.setItem(key, value);
      return true;
    });
    if (stored === true) {
      Drafts.#kept.delete(key);
    } else {
      Drafts.#kept.set(key, value);
    }
  }

  #key(of: string): string {
    return `chat.draft.${this.userId}.${of}`;
  }
}

function stores<T>(work: (store: Storage) => T): T | undefined {
  try {
    return work(localStorage);
  } catch (error) {
    if (error instanceof DOMException) {
      return undefined;
    }

    throw error;
  }
}

function parse(stored: string): Draft {
  const value: unknown = safely(stored);
  if (typeof value !== "object" || value === null || !("text" in value) || typeof value.text !== "string") {
    return EMPTY;
  }

  return "agent" in value && typeof value.agent === "string" ? { text: value.text, agent: value.agent } : { text: value.text };
}

/** What another version of the page wrote may be anything. */
function safely(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) {
      return undefined;
    }

    throw error;
  }
}

/** Those of whoever is signed in; before that is known, of nobody. */
export function useDrafts(chat: Chat): Drafts {
  const userId = useObservable(chat.connection, (connection) => connection.userId) ?? "";
  return useMemo(() => new Drafts(userId), [userId]);
}
