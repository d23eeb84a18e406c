// Runs the measurement tests/**/<name>.measure.ts: prints its numbers, and fails where they are worse than allowed.
import { build } from "esbuild";
import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const tests = dirname(fileURLToPath(import.meta.url));
const root = dirname(tests);
const [name = "", ...rest] = process.argv.slice(2);
const measurements = (await readdir(tests, { recursive: true })).filter((file) => file.endsWith(".measure.ts"));
const file = measurements.find((path) => basename(path, ".measure.ts") === name);
if (!file) {
  console.error(`Say what to measure: npm run measure -- ${measurements.map((path) => basename(path, ".measure.ts")).join(" | ")}`);
  process.exit(1);
}
const outfile = join(root, "obj/measure", `${name}.mjs`);
await build({
  absWorkingDir: root, entryPoints: [join("tests", file)], outfile, bundle: true, packages: "external", platform: "node", format: "esm", target: "node20",
  alias: { "@chatbackend/client": join(root, "../client/src/index.ts") }, jsx: "automatic", jsxImportSource: "preact", loader: { ".css": "empty" }, logLevel: "warning",
  // It says where it lies, so it stays there.
  plugins: [{ name: "bundling", setup: (bundle) => { bundle.onResolve({ filter: /bundling\.mjs$/ }, () => ({ path: join(root, "bundling.mjs"), external: true })); } }],
});
const node = spawn(process.execPath, ["--enable-source-maps", outfile, ...rest], { cwd: root, stdio: "inherit" });
node.on("exit", (code) => { process.exitCode = code ?? 1; });
