// One minified ES module and its types in dist.

import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";

export const bundle = {
  entryPoints: [new URL("src/index.ts", import.meta.url).pathname],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  // Members that are not part of the API begin with "_"; no name on the wire does.
  mangleProps: /^_/,
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
};

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const path = (name) => new URL(name, import.meta.url).pathname;
  rmSync(path("dist"), { recursive: true, force: true });
  await build({ ...bundle, outfile: path("dist/index.js") });
  execFileSync(process.execPath, [new URL(import.meta.resolve("typescript/lib/tsc.js")).pathname, "--build", path("tsconfig.json")], { stdio: "inherit" });
  for (const name of ["index", "api", "run-api", "options", "storage", "error"]) {
    cpSync(path(`obj/types/${name}.d.ts`), path(`dist/${name}.d.ts`));
  }
}
