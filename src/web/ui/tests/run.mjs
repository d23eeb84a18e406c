// Runs every *.test.ts, *.test.tsx and *.test.mjs below tests, or those whose path holds one of the words given.
import { build } from "esbuild";
import { spawn } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const tests = dirname(fileURLToPath(import.meta.url));
const root = dirname(tests);
const words = process.argv.slice(2).filter((word) => !word.startsWith("-"));
const options = process.argv.slice(2).filter((word) => word.startsWith("-"));
const files = (await readdir(tests, { recursive: true }))
  .filter((file) => /\.test\.(mjs|tsx?)$/.test(file) && (words.length === 0 || words.some((word) => file.includes(word))))
  .sort();
if (files.length === 0) {
  console.error(`No test file below tests has one of these words in its path: ${words.join(", ")}`);
  process.exit(1);
}

const out = join(root, "obj/tests");
await rm(out, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: files.filter((file) => !file.endsWith(".mjs")).map((file) => join("tests", file)),
  outbase: "tests",
  outdir: "obj/tests",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  packages: "external",
  // Where a test asks for the page's own modules, it gets the client's source, as the page does.
  alias: { "@chatbackend/client": join(root, "../client/src/index.ts") },
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: "inline",
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".css": "empty" },
  logLevel: "warning",
  // It says where it lies, so it stays there.
  plugins: [{ name: "bundling", setup: (bundle) => { bundle.onResolve({ filter: /bundling\.mjs$/ }, () => ({ path: join(root, "bundling.mjs"), external: true })); } }],
});
const compiled = files.map((file) => file.endsWith(".mjs") ? join(tests, file) : join(out, file.replace(/tsx?$/, "mjs")));
const node = spawn(process.execPath, ["--enable-source-maps", "--test", "--test-concurrency=2", ...options, ...compiled], { cwd: root, stdio: "inherit" });
node.on("exit", (code) => { process.exitCode = code ?? 1; });
