import assert from "node:assert/strict";
import { test } from "node:test";
import { groupByDate, keepArrangement } from "../../src/shell/sidebar/groups.js";
import { hashOf, parseRoute } from "../../src/shell/route.js";
import { row } from "./states/fakeChat.js";

const now = new Date("2026-11-28T09:30:00.000Z");
const shape = (groups: ReturnType<typeof groupByDate>) => groups.map(({ label, rows }) => `${label}: ${rows.map(({ threadId }) => threadId).join(" ")}`);

test("threads are grouped by day, week and month, in their order", () => {
  const rows = [row("a", "A", 0), row("b", "B", 0.1), row("c", "C", 1), row("d", "D", 4), row("e", "E", 20), row("f", "F", 40), row("g", "G", 45), row("h", "H", 75)];
  assert.deepEqual(shape(groupByDate(rows, now)), ["Today: a b", "Yesterday: c", "Previous 7 days: d", "Previous 30 days: e", "October 2026: f g", "September 2026: h"]);
});

test("while one of them is renamed, nothing moves: what is new comes on top, what is gone leaves", () => {
  const before = groupByDate([row("a", "A", 0), row("b", "B", 1), row("c", "C", 4)], now);
  const after = keepArrangement(before, [row("n", "N", 0), row("c", "C2", 0), row("b", "B", 1)], now);
  assert.deepEqual(shape(after), ["Today: n", "Yesterday: b", "Previous 7 days: c"]);
  assert.equal(after[2]?.rows[0]?.title, "C2");
});

test("an address leads to a thread and an event in it, and back", () => {
  for (const route of [{}, { threadId: "thr_1" }, { threadId: "thr_1", seq: 12 }, { threadId: "a/b %" }]) {
    assert.deepEqual(parseRoute(hashOf(route)), route);
  }
  assert.deepEqual(parseRoute("#thr_old"), { threadId: "thr_old" });
  assert.deepEqual(parseRoute("#/nowhere"), {});
  assert.deepEqual(parseRoute("#/t/%"), { threadId: "%" });
});
