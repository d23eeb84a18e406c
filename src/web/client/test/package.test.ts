import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

declare const TEST_FOLDER: string;
const folder = join(TEST_FOLDER, "..");

test("The bundle stays under 9 KB of gzip and the package has what it needs and nothing else", () => {
  execFileSync(process.execPath, ["build.mjs"], { cwd: folder });
  const bytes = gzipSync(readFileSync(join(folder, "dist/index.js")), { level: 9 }).length;
  assert.ok(bytes <= 9_216, `${bytes} bytes`);

  const [packed] = JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: folder, encoding: "utf8" })) as [{ files: { path: string }[] }];
  assert.deepEqual(packed.files.map(({ path }) => path).sort(), [
    "README.md",
    "dist/api.d.ts",
    "dist/error.d.ts",
    "dist/index.d.ts",
    "dist/index.js",
    "dist/options.d.ts",
    "dist/run-api.d.ts",
    "dist/storage.d.ts",
    "package.json",
  ]);
});

test("The types of the package stand alone", () => {
  writeFileSync(
    join(folder, "obj/uses.ts"),
    'import { createChat, type Thread } from "../dist/index.js"; const chat = createChat({ session: "cookie" }); const thread: Thread = chat.newThread(); thread.open();',
  );
  const compiler = join(folder, "../node_modules/typescript/bin/tsc");
  const { stdout } = spawnSync(process.execPath, [compiler, "--ignoreConfig", "--noEmit", "--strict", "--module", "esnext", "--moduleResolution", "bundler", "--target", "es2023", "obj/uses.ts"], {
    cwd: folder,
    encoding: "utf8",
  });
  assert.equal(stdout, "");
});
