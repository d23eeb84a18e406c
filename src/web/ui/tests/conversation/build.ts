import { build } from "esbuild";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundling, root } from "../../bundling.mjs";

/** Builds a page below obj as the real one is built, but with a service worker that does nothing, and gives its folder. */
export async function buildPage(name: string, module: string): Promise<string> {
  const folder = join(root, "obj/pages", name);
  await mkdir(folder, { recursive: true });
  await build({
    ...bundling,
    entryPoints: { page: module },
    outdir: join(folder, "assets"),
    splitting: true,
    format: "esm",
  });
  const html = (await readFile(join(root, "index.html"), "utf8"))
    .replace("<!-- assets -->", '<link rel="stylesheet" href="assets/page.css"><script type="module" src="assets/page.js"></script>')
    .replace(/<link rel="(icon|apple-touch-icon|manifest)"[^>]*>/g, "");
  await writeFile(join(folder, "index.html"), html);
  await writeFile(join(folder, "sw.js"), "");
  return folder;
}
