import { build } from "esbuild";
import { brotliCompressSync } from "node:zlib";

const MOST = 22;

const { outputFiles } = await build({
  entryPoints: ["src/content/markdown.tsx"], bundle: true, splitting: true, minify: true, format: "esm", target: "es2022", jsx: "automatic", jsxImportSource: "preact",
  external: ["preact", "preact/*", "../kit/*", "../../kit/*"], outdir: "obj/size", write: false, entryNames: "[name]",
});
const sizes = outputFiles.map((file) => [file.path.replace(/.*\//, ""), brotliCompressSync(file.contents).length / 1_024] as const);
for (const [name, size] of sizes) console.log(`${size.toFixed(1).padStart(6)} KB brotli  ${name}${name === "markdown.js" ? ` (at most ${MOST})` : ", on demand"}`);
if (!(sizes.some(([name, size]) => name === "markdown.js" && size <= MOST))) process.exitCode = 1;
