// Builds the page into dist: hashed files in dist/assets, and index.html, sw.js, manifest and icons, whose names stay.
import { build, context } from "esbuild";
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { promisify } from "node:util";
import zlib from "node:zlib";
import { bundling, root } from "./bundling.mjs";

const dist = join(root, "dist");
const assets = join(dist, "assets");
const watch = process.argv.includes("--watch");
const maxEntryBytes = 75 * 1024;
const compressible = new Set([".js", ".css", ".svg", ".html", ".webmanifest"]);

const shared = watch ? { ...bundling, minify: false, mangleProps: undefined } : bundling;

const page = {
  ...shared,
  entryPoints: { main: "src/main.tsx" },
  outdir: "dist/assets",
  format: "esm",
  splitting: true,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  sourcemap: watch ? "inline" : false,
  metafile: true,
};

if (watch) {
  const finishing = { name: "finish", setup: (b) => { b.onEnd((result) => result.errors.length === 0 ? finish(result.metafile) : undefined); } };
  const watched = await context({ ...page, plugins: [...shared.plugins, finishing] });
  await watched.watch();
  console.log("Watching src; dist is built again with each change.");
} else {
  await rm(dist, { recursive: true, force: true });
  const { metafile } = await build(page);
  await finish(metafile);
  await compress(dist);
  await report(metafile);
}

async function finish(metafile) {
  await mkdir(assets, { recursive: true });
  const { entry, preloads, styles } = firstLoad(metafile);
  const early = await hashed("early", await script("src/shell/early.ts"));
  const head = [
    ...styles.map((file) => `<link rel="stylesheet" href="assets/${file}">`),
    `<script src="assets/${early}"></script>`,
    ...preloads.map((file) => `<link rel="modulepreload" href="assets/${file}">`),
    `<script type="module" src="assets/${entry}"></script>`,
  ].join("\n  ");
  const html = (await readFile(join(root, "index.html"), "utf8")).replace("<!-- assets -->", head);
  await writeFile(join(dist, "index.html"), html);
  await cp(join(root, "public"), dist, { recursive: true });

  const files = [...Object.keys(metafile.outputs).map((file) => basename(file)), early];
  const version = createHash("sha256").update(html).update(files.join()).digest("hex").slice(0, 16);
  await writeFile(join(dist, "sw.js"), await script("src/shell/worker/thread/sw.ts", {
    ASSETS: JSON.stringify(files.map((file) => `assets/${file}`)),
    VERSION: JSON.stringify(version),
  }));
}

async function script(entryPoint, define = {}) {
  const { outputFiles } = await build({ ...shared, entryPoints: [entryPoint], format: "iife", write: false, define });
  return outputFiles[0].contents;
}

async function hashed(name, contents) {
  const file = `${name}-${createHash("sha256").update(contents).digest("hex").slice(0, 8).toUpperCase()}.js`;
  await writeFile(join(assets, file), contents);
  return file;
}

/** The entry, what it imports statically, and its style sheet. */
function firstLoad({ outputs }) {
  const [entry, { cssBundle }] = Object.entries(outputs).find(([, output]) => output.entryPoint === "src/main.tsx");
  const found = new Set([entry]);
  for (const file of found) {
    outputs[file].imports.filter(({ kind }) => kind === "import-statement").forEach(({ path }) => found.add(path));
  }
  const apart = Object.keys(outputs).find((file) => file.endsWith(".css") && file !== cssBundle);
  if (apart) {
    throw new Error(`${apart} comes from a module that is loaded on demand, and nothing would load it: import its CSS as ?sheet and adopt it.`);
  }
  const preloads = [...found].filter((file) => file !== entry).map((file) => basename(file));
  return { entry: basename(entry), preloads, styles: cssBundle ? [basename(cssBundle)] : [] };
}

async function compress(folder) {
  for (const file of await readdir(folder, { recursive: true })) {
    if (compressible.has(extname(file))) {
      const path = join(folder, file);
      const bytes = await readFile(path);
      const text = { [zlib.constants.BROTLI_PARAM_MODE]: zlib.constants.BROTLI_MODE_TEXT, [zlib.constants.BROTLI_PARAM_QUALITY]: 11, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
      await writeFile(`${path}.br`, await promisify(zlib.brotliCompress)(bytes, { params: text }));
      await writeFile(`${path}.gz`, await promisify(zlib.gzip)(bytes, { level: 9 }));
    }
  }
}

async function report(metafile) {
  const { entry, preloads, styles } = firstLoad(metafile);
  const size = async (file) => (await readFile(join(dist, `${file}.br`))).length;
  const early = (await readdir(assets)).find((file) => file.startsWith("early-") && file.endsWith(".js"));
  let total = 0;
  for (const file of ["index.html", ...[early, ...styles, entry, ...preloads].map((name) => `assets/${name}`)]) {
    const bytes = await size(file);
    total += bytes;
    console.log(`${(bytes / 1024).toFixed(1).padStart(7)} KB  ${file}`);
  }
  const lazy = Object.keys(metafile.outputs).map((file) => basename(file)).filter((file) => ![entry, ...preloads, ...styles].includes(file));
  for (const file of lazy) {
    console.log(`${((await size(`assets/${file}`)) / 1024).toFixed(1).padStart(7)} KB  assets/${file}, on demand`);
  }
  console.log(`${(total / 1024).toFixed(1).padStart(7)} KB  first load, brotli (at most ${maxEntryBytes / 1024})`);
  if (process.argv.includes("--parts")) {
    const inputs = Object.entries(metafile.outputs[`dist/assets/${entry}`].inputs).sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput);
    inputs.slice(0, 40).forEach(([file, { bytesInOutput }]) => { console.log(`${(bytesInOutput / 1024).toFixed(1).padStart(7)} KB minified  ${file}`); });
  }
  if (total > maxEntryBytes) {
    console.error("The first load is larger than allowed: load something on demand, or leave it out.");
    process.exitCode = 1;
  }
}
