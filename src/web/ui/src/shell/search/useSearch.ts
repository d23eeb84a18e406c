import type { Chat, SearchHit } from "@chatbackend/client";
import { useEffect, useState } from "preact/hooks";
import { useStable } from "../../kit/useStable.js";
import { reasonOf } from "../notice.js";

const PAUSE_MS = 180;

export interface Search {
  /** What the hits are of; the newest query may still be under way. */
  readonly query: string;
  readonly hits: readonly SearchHit[];
  readonly nextCursor?: string;
  readonly busy: boolean;
  readonly failed?: string;
}

const nothing: Search = { query: "", hits: [], busy: false };

/** Searches when the person pauses; answers of an earlier query that come late are dropped. */
export function useSearch(chat: Chat, written: string): { readonly search: Search; readonly more: () => void } {
  const [search, setSearch] = useState<Search>(nothing);
  const query = written.trim();

  useEffect(() => {
    if (query === "") {
      setSearch(nothing);
      return;
    }
    let current = true;
    setSearch((before) => ({ ...before, busy: true }));
    const timer = setTimeout(() => {
      chat.search(query).then(
        ({ hits, nextCursor }) => { if (current) { setSearch({ query, hits, busy: false, ...(nextCursor === undefined ? {} : { nextCursor }) }); } },
        (error: unknown) => { if (current) { setSearch({ query, hits: [], busy: false, failed: reasonOf(error) }); } },
      );
    }, PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [chat, query]);

  const more = useStable(() => {
    const { nextCursor } = search;
    if (nextCursor === undefined || search.busy) {
      return;
    }
    setSearch({ ...search, busy: true });
    chat.search(search.query, nextCursor).then(
      ({ hits, nextCursor: next }) => {
        setSearch((now) => now.query !== search.query ? now : { query: now.query, hits: [...now.hits, ...hits], busy: false, ...(next === undefined ? {} : { nextCursor: next }) });
      },
      (error: unknown) => { setSearch((now) => now.query !== search.query ? now : { ...now, busy: false, failed: reasonOf(error) }); },
    );
  });
  return { search, more };
}
