import { build } from "esbuild";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const root = process.cwd();

/** Builds a page that shows texts below obj, and gives its folder. */
export async function buildPage(name: string): Promise<string> {
  const folder = join(root, "obj/content", name);
  await mkdir(folder, { recursive: true });
  await build({
    absWorkingDir: root, entryPoints: { page: "tests/content/page/page.tsx" }, outdir: join(folder, "assets"),
    bundle: true, splitting: true, minify: true, format: "esm", target: "es2022", jsx: "automatic", jsxImportSource: "preact", logLevel: "warning",
  });
  await writeFile(join(folder, "index.html"), "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Content</title>" +
    "<link rel=\"icon\" href=\"assets/pixel.png\"><link rel=\"stylesheet\" href=\"assets/page.css\"><script type=\"module\" src=\"assets/page.js\"></script></head><body><main id=\"app\"></main></body></html>");
  const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
  await writeFile(join(folder, "assets/pixel.png"), Buffer.from(pixel, "base64"));
  return folder;
}
