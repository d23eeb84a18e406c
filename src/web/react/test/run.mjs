// Bundles the tests and runs them, after `npm run packages`: all of them, or those whose names hold one of the words given (`node test/run.mjs hooks`).
// Options go to Node.js.

import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;
const web = join(here, "../..");
const words = process.argv.slice(2).filter((word) => !word.startsWith("-"));
const options = process.argv.slice(2).filter((word) => word.startsWith("-"));
const names = readdirSync(here).filter((name) => /\.test\.tsx?$/.test(name) && (words.length === 0 || words.some((word) => name.includes(word))));
if (names.length === 0) {
  console.error(`No test file has one of these words in its name: ${words.join(", ")}`);
  process.exit(1);
}

const outdir = join(here, "../obj/test");
mkdirSync(outdir, { recursive: true });
await build({
  entryPoints: names.map((name) => join(here, name)),
  outdir,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node20",
  jsx: "automatic",
  sourcemap: "inline",
  define: { WEB_FOLDER: JSON.stringify(web) },
});
const files = names.map((name) => join(outdir, name.replace(/tsx?$/, "mjs")));
const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-concurrency=1", ...options, ...files], { stdio: "inherit" });
process.exit(status ?? 1);
