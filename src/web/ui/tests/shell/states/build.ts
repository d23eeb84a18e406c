import { build } from "esbuild";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundling, root } from "../../../bundling.mjs";

/** Builds the page of the states below obj, and gives its folder. */
export async function buildStates(name: string): Promise<string> {
  const folder = join(root, "obj/states", name);
  await mkdir(folder, { recursive: true });
  await build({ ...bundling, entryPoints: { page: "tests/shell/states/page.tsx" }, outdir: join(folder, "assets"), format: "esm", splitting: true });
  await build({ ...bundling, entryPoints: { early: "src/shell/early.ts" }, outdir: join(folder, "assets"), format: "iife" });
  const html = (await readFile(join(root, "index.html"), "utf8"))
    .replace("<!-- assets -->", '<link rel="stylesheet" href="assets/page.css"><script src="assets/early.js"></script><script type="module" src="assets/page.js"></script>')
    .replace(/<link rel="(icon|apple-touch-icon|manifest)"[^>]*>/g, "");
  await writeFile(join(folder, "index.html"), html);
  return folder;
}
