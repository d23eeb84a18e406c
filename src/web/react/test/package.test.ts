import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

declare const WEB_FOLDER: string;
const folder = join(WEB_FOLDER, "react");

test("the module has less than 1.5 KB gzipped", () => {
  const bytes = gzipSync(readFileSync(join(folder, "dist/index.js")), { level: 9 }).length;
  assert.ok(bytes < 1536, `${bytes} bytes`);
});

test("the package holds the module, its types and its description", () => {
  const [{ files }] = JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: folder, encoding: "utf8" })) as [{ files: { path: string }[] }];
  const types = ["index", "observe", "provider", "send", "thread"].map((name) => `dist/${name}.d.ts`);
  assert.deepEqual(files.map(({ path }) => path).sort(), ["README.md", "dist/index.js", "package.json", ...types].sort());
});

test("the module exports the hooks and nothing else, and leaves React and the client to the application", async () => {
  assert.deepEqual(Object.keys(await import("@chatbackend/react")).sort(), ["ChatProvider", "useChat", "useConnection", "useOutbox", "useRun", "useSend", "useThread", "useThreads"]);
  const imports = [...readFileSync(join(folder, "dist/index.js"), "utf8").matchAll(/from\s*"([^"]+)"/g)].map(([, name]) => name);
  assert.deepEqual([...new Set(imports)].sort(), ["@chatbackend/client", "react", "react/jsx-runtime"]);
});
