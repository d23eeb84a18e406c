import { plural } from "./format.js";

export const searchText = {
  title: "Search chats",
  label: "Search chats and messages",
  placeholder: "Search chats and messages",
  recent: "Recent chats",
  hits: "Results",
  count: (count: number, more: boolean) => more
    ? plural(count, { one: "# result, and more", other: "# results, and more" })
    : plural(count, { zero: "No results", one: "# result", other: "# results" }),
  none: (query: string) => `Nothing found for “${query}”`,
  noneHint: "All words must be in one message, in any order.",
  searching: "Searching…",
  failed: (reason: string) => `The search did not work: ${reason}`,
  more: "Show more",
} as const;
