import type { Entry } from "@chatbackend/client";

/** A screen or two: what a conversation opens with. */
const TAIL = 24;
/** So many more each time the reader comes near an edge. */
const STEP = 32;
/** More are not kept in the page at once, so that it stays as quick in a conversation of any length. */
const MOST = 320;

/**
 * The part of the conversation that is in the page. Its edges are entries and not numbers: what is loaded before it, or arrives after it,
 * leaves them where they are. Without `first` it begins `TAIL` before its end, without `last` it reaches to the end of the conversation.
 */
export interface Window {
  readonly first?: string;
  readonly last?: string;
}

export const AT_END: Window = {};

export function extent(entries: readonly Entry[], { first, last }: Window): { readonly from: number; readonly to: number } {
  const foundLast = last === undefined ? -1 : entries.findLastIndex(({ key }) => key === last);
  const to = foundLast < 0 ? entries.length : foundLast + 1;
  const foundFirst = first === undefined ? -1 : entries.findIndex(({ key }) => key === first);
  return { from: foundFirst < 0 || foundFirst >= to ? Math.max(0, to - TAIL) : foundFirst, to };
}

/** More at the beginning; what is then too much at the end is let go, unless the reader is there. */
export function earlier(entries: readonly Entry[], window: Window): Window {
  const { from, to } = extent(entries, window);
  const start = Math.max(0, from - STEP);
  return between(entries, start, Math.min(to, start + MOST));
}

export function later(entries: readonly Entry[], window: Window): Window {
  const { from, to } = extent(entries, window);
  const end = Math.min(entries.length, to + STEP);
  return between(entries, Math.max(from, end - MOST), end);
}

/** The same part, that keeps its beginning when more arrives at its end. */
export function pinned(entries: readonly Entry[], window: Window): Window {
  const { from, to } = extent(entries, window);
  return between(entries, from, to);
}

/** The surroundings of an entry. */
export function around(entries: readonly Entry[], index: number): Window {
  return between(entries, Math.max(0, index - STEP), Math.min(entries.length, index + STEP));
}

export function all(entries: readonly Entry[]): Window {
  return between(entries, 0, entries.length);
}

function between(entries: readonly Entry[], from: number, to: number): Window {
  const first = entries[from]?.key;
  const last = to >= entries.length ? undefined : entries[to - 1]?.key;
  return { ...(first === undefined ? {} : { first }), ...(last === undefined ? {} : { last }) };
}
