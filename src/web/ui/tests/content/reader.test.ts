import assert from "node:assert/strict";
import { test } from "node:test";
import { corpus } from "./corpus.js";
import { cut, random } from "./cuts.js";
import { outline, read } from "./outline.js";

for (const [name, text] of Object.entries(corpus)) {
  test(`${name} in random pieces has the same blocks as at once`, () => {
    const whole = outline(read(text).root);
    for (let seed = 1; seed <= 60; seed++) {
      const next = random(seed);
      const deltas = cut(text, 1 + Math.floor(next() * 40), next);
      assert.deepEqual(outline(read(...deltas).root), whole, `seed ${seed}`);
    }
  });
}
