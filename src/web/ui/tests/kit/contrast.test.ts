import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../bundling.mjs";

const css = await readFile(join(root, "src/kit/tokens.css"), "utf8");
const colours = new Map([...css.matchAll(/(--[a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g)].map(([, name = "", light = "", dark = ""]) => [name, { light, dark }]));
const surfaces = ["--page", "--side", "--sunken", "--raised", "--hover"];

for (const theme of ["light", "dark"] as const) {
  for (const surface of surfaces) {
    for (const text of ["--ink", "--ink-2", "--accent", "--bad", "--good", "--warn"]) {
      test(`${theme}: ${text} can be read on ${surface}`, () => { atLeast(4.5, text, surface, theme); });
    }
    test(`${theme}: borders of controls are seen on ${surface}`, () => { atLeast(3, "--edge", surface, theme); });
  }
  for (const [text, ground] of [["--on-accent", "--accent"], ["--ink", "--accent-soft"], ["--ink", "--bad-soft"], ["--ink", "--warn-soft"], ["--warn", "--warn-soft"], ["--ink", "--mark"], ["--page", "--ink"]] as const) {
    test(`${theme}: ${text} can be read on ${ground}`, () => { atLeast(4.5, text, ground, theme); });
  }
}

function atLeast(ratio: number, text: string, ground: string, theme: "light" | "dark"): void {
  const [one, other] = [text, ground].map((name) => luminance(colours.get(name)?.[theme] ?? assert.fail(`tokens.css has no ${name}`)));
  const contrast = (Math.max(one ?? 0, other ?? 0) + 0.05) / (Math.min(one ?? 0, other ?? 0) + 0.05);
  assert.ok(contrast >= ratio, `${contrast.toFixed(2)} : 1`);
}

/** As WCAG 2.2 computes it. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
