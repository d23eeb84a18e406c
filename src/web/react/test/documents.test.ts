import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { build } from "esbuild";
import { options, program, RealServer } from "./page/real.js";
import { launch } from "./page/served.js";

declare const WEB_FOLDER: string;

const folder = join(WEB_FOLDER, "react/obj/documents");
const blocks = [...readFileSync(join(WEB_FOLDER, "../../docs/clients.md"), "utf8").matchAll(/^```(js|ts|tsx)\n(.*?)^```$/gms)].map(([, language = "", code = ""]) => ({ language, code }));

/** The name that each block has as a file; they stand in this order. */
const files = ["page.js", "ask.ts", "node.js", "react.tsx", "svelte.ts", "vue.ts"];

const blockOf = (file: string) => blocks[files.indexOf(file)]?.code ?? "";

/** A file of the blocks as one module, with what it imports. */
async function bundle(code: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: folder, loader: "ts" },
    bundle: true,
    write: false,
    format: "esm",
    alias: { vue: "@vue/reactivity" },
  });
  return outputFiles[0]?.text ?? "";
}

before(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  files.forEach((file) => { writeFileSync(join(folder, file), blockOf(file)); });
});

test("each block of code is one of those that are checked here", () => {
  assert.deepEqual(blocks.map(({ language }) => language), files.map((file) => file.split(".")[1]));
});

test("what is said to have 15 lines has not more", () => {
  const lines = blockOf("page.js").split("\n").filter((line) => line.trim() !== "");
  assert.ok(lines.length <= 15, `${lines.length} lines`);
});

test("the blocks fit the types of the packages as they are published", () => {
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: "../../../tsconfig.base.json",
      compilerOptions: { composite: false, declaration: false, noEmit: true, jsx: "react-jsx", types: ["node"], exactOptionalPropertyTypes: false, paths: { vue: ["../../../node_modules/@vue/reactivity"] } },
      include: ["*.ts", "*.tsx"],
    }),
  );
  execFileSync(process.execPath, [join(WEB_FOLDER, "node_modules/typescript/lib/tsc.js"), "-p", folder], { stdio: "inherit" });
});

test("a store and a ref show what an observable has, until they are let go", async () => {
  const code = await bundle(`
    import { effectScope } from "@vue/reactivity";
    import { storeOf } from "./svelte.js";
    import { refOf } from "./vue.js";
    const listeners = new Set();
    let value = 1;
    const source = { getSnapshot: () => value, subscribe: (listener) => { listeners.add(listener); return () => listeners.delete(listener); } };
    const set = (next) => { value = next; listeners.forEach((listener) => { listener(); }); };
    const stored = [];
    const unsubscribe = storeOf(source).subscribe((next) => { stored.push(next); });
    const scope = effectScope();
    const ref = scope.run(() => refOf(source));
    const first = ref.value;
    set(2);
    const second = ref.value;
    unsubscribe();
    scope.stop();
    set(3);
    export const seen = { stored, refs: [first, second, ref.value], listeners: listeners.size };
  `);
  const { seen } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as { seen: unknown };
  assert.deepEqual(seen, { stored: [1, 2], refs: [1, 2, 2], listeners: 0 });
});

test("the page of 15 lines sends, and shows the answer", options, async () => {
  const [server, browser, script] = await Promise.all([RealServer.start(), launch(), bundle(blockOf("page.js"))]);
  const page = await browser.newPage();
  await page.route(`${server.url}/mine`, (route) => route.fulfill({ contentType: "text/html", body: '<form><input name="text"></form><pre></pre><script type="module" src="mine.js"></script>' }));
  await page.route(`${server.url}/mine.js`, (route) => route.fulfill({ contentType: "text/javascript", body: script }));
  await page.goto(`${server.url}/mine`);
  const question = JSON.stringify({ steps: [{ say: "Good morning.", chunks: 3, every_ms: 20 }] });
  await page.getByRole("textbox").fill(question);
  await page.keyboard.press("Enter");
  await page.waitForFunction((shown) => document.querySelector("pre")?.textContent === shown, `> ${question}\n\nGood morning.`);
  await browser.close();
  await server.close();
});

test("the program of Node.js asks, and prints the answer", options, async () => {
  const server = await RealServer.start();
  const file = join(folder, "program.mjs");
  writeFileSync(file, await bundle(blockOf("node.js").replace("https://chat.example.com/", server.url)));
  const answered = await program("--experimental-websocket", file, JSON.stringify({ steps: [{ say: "Half past ten." }] }));
  assert.equal(answered.line, "Half past ten. completed");
  await answered.close();
  await server.close();
});
