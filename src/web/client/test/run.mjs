// Bundles the tests and runs them: all of them, or those whose names are given (`npm test -- campaign`).

import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;

/** Bundles tests into a folder below obj and says which files to run. `changed` gives the text of a source file. */
export async function bundleTests(names, folder, changed = (_path, text) => text) {
  const outdir = join(here, "..", "obj", folder);
  mkdirSync(outdir, { recursive: true });
  await build({
    entryPoints: names.map((name) => join(here, name)),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    sourcemap: "inline",
    outdir,
    outExtension: { ".js": ".mjs" },
    define: { TEST_FOLDER: JSON.stringify(here) },
    plugins: [sources(changed, names.every((name) => name.startsWith("campaign")))],
  });
  return names.map((name) => join(outdir, name.replace(/\.ts$/, ".mjs")));
}

const sources = (changed, isCampaign) => ({
  name: "sources",
  setup(esbuild) {
    esbuild.onLoad({ filter: /client[/\\]src[/\\][a-z]+\.ts$/ }, async ({ path }) => {
      const { readFile } = await import("node:fs/promises");
      const text = changed(path, await readFile(path, "utf8"));
      // The campaign's threads are short: smaller pages, so that they have several.
      return { contents: isCampaign ? text.replace("const PAGE = 200", "const PAGE = 9") : text, loader: "ts" };
    });
  },
});

if (process.argv[1] === import.meta.filename) {
  const wanted = process.argv.slice(2);
  const names = readdirSync(here).filter((name) => name.endsWith(".test.ts") && (wanted.length === 0 || wanted.some((part) => name.includes(part))));
  const isCampaign = (name) => name.startsWith("campaign");
  const files = [];
  for (const group of [names.filter(isCampaign), names.filter((name) => !isCampaign(name))]) {
    files.push(...(await bundleTests(group, "test")));
  }
  // Node 20 has a WebSocket behind this switch.
  const { status } = spawnSync(process.execPath, ["--experimental-websocket", "--enable-source-maps", "--test", ...files], { stdio: "inherit" });
  process.exit(status ?? 1);
}
