import type { ThreadRow } from "@chatbackend/client";
import { formatMonth } from "../../text/format.js";
import { shellText } from "../../text/shell.js";

export interface Group {
  readonly label: string;
  readonly rows: readonly ThreadRow[];
}

/** By the days of the person's own calendar; the rows keep their order. */
export function groupByDate(rows: readonly ThreadRow[], now: Date): readonly Group[] {
  const groups: { label: string; rows: ThreadRow[] }[] = [];
  for (const row of rows) {
    const label = labelOf(new Date(row.updatedAt), now);
    const known = groups.find((group) => group.label === label);
    if (known) {
      known.rows.push(row);
    } else {
      groups.push({ label, rows: [row] });
    }
  }
  return groups;
}

/**
 * The groups as they were, with the rows as they are now, so that nothing moves under the hand of who is writing in one of them.
 * What is new stands on top; what is gone is left out.
 */
export function keepArrangement(before: readonly Group[], rows: readonly ThreadRow[], now: Date): readonly Group[] {
  const left = new Map(rows.map((row) => [row.threadId, row]));
  const kept = before.map(({ label, rows: old }) => ({
    label,
    rows: old.flatMap(({ threadId }) => {
      const row = left.get(threadId);
      left.delete(threadId);
      return row ? [row] : [];
    }),
  }));
  const fresh = groupByDate([...left.values()], now);
  const merged = kept.map((group) => ({ ...group, rows: [...fresh.find(({ label }) => label === group.label)?.rows ?? [], ...group.rows] }));
  return [...fresh.filter(({ label }) => !kept.some((group) => group.label === label)), ...merged].filter((group) => group.rows.length > 0);
}

function labelOf(at: Date, now: Date): string {
  const days = daysBetween(at, now);
  if (days <= 0) {
    return shellText.today;
  }
  if (days === 1) {
    return shellText.yesterday;
  }
  return days <= 7 ? shellText.lastWeek : days <= 30 ? shellText.lastMonth : formatMonth(at.getTime());
}

// Midnights as UTC, so that a day of 23 or 25 hours counts as one.
function daysBetween(at: Date, now: Date): number {
  const midnight = (date: Date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return (midnight(now) - midnight(at)) / 86_400_000;
}
