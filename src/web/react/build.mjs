// One minified ES module and its types in dist. React and the client stay outside of it.

import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

rmSync(path("dist"), { recursive: true, force: true });
await build({
  entryPoints: [path("src/index.ts")],
  outfile: path("dist/index.js"),
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  packages: "external",
  // Without the paths of tsconfig.json, which lead to the client's source: it stays outside.
  tsconfigRaw: {},
  // For frameworks with server components: these hooks run in the browser.
  banner: { js: '"use client";' },
});
execFileSync(process.execPath, [fileURLToPath(import.meta.resolve("typescript/lib/tsc.js")), "--build", path("tsconfig.json")], { stdio: "inherit" });
for (const name of readdirSync(path("obj/types")).filter((file) => file.endsWith(".d.ts"))) {
  cpSync(path(`obj/types/${name}`), path(`dist/${name}`));
}
