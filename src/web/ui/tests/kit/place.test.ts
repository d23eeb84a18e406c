import assert from "node:assert/strict";
import { test } from "node:test";
import { placeFor } from "../../src/kit/place.js";

const view = { width: 400, height: 600 };
const below = { align: "start", prefer: "below", rtl: false } as const;

test("a menu lies below its button, at its start", () => {
  assert.deepEqual(placeFor({ left: 20, right: 60, top: 100, bottom: 140 }, { width: 200, height: 150 }, view, below), { left: 20, top: 144 });
});

test("the menu of the lowest row opens upwards", () => {
  assert.deepEqual(placeFor({ left: 20, right: 60, top: 550, bottom: 590 }, { width: 200, height: 150 }, view, below), { left: 20, top: 396 });
});

test("a menu that fits on neither side stays in sight", () => {
  assert.deepEqual(placeFor({ left: 380, right: 400, top: 280, bottom: 320 }, { width: 200, height: 590 }, view, below), { left: 192, top: 8 });
});

test("where text runs right to left, the start is the right edge", () => {
  assert.deepEqual(placeFor({ left: 300, right: 340, top: 100, bottom: 140 }, { width: 200, height: 150 }, view, { ...below, rtl: true }), { left: 140, top: 144 });
});
