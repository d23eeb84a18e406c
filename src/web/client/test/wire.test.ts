import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import ts from "typescript";

declare const TEST_FOLDER: string;
const FIXTURES = join(TEST_FOLDER, "../../../../tests/ChatBackend.Tests/Protocol/Fixtures");

/** Frame types and their members, as src/wire.ts declares them. */
function declared(): Map<string, Set<string>> {
  const file = join(TEST_FOLDER, "../src/wire.ts");
  const program = ts.createProgram([file], { strict: true, target: ts.ScriptTarget.ES2022, noLib: true });
  const checker = program.getTypeChecker();
  const frames = new Map<string, Set<string>>();
  program.getSourceFile(file)?.forEachChild((node) => {
    if (ts.isInterfaceDeclaration(node) && (node.name.text === "ServerFrames" || node.name.text === "ClientFrames")) {
      for (const frame of checker.getTypeAtLocation(node).getProperties()) {
        const members = checker.getTypeOfSymbol(frame).getProperties().map(({ name }) => name);
        frames.set(frame.name, new Set(["type", ...members]));
      }
    }
  });
  return frames;
}

function fixtures(): Map<string, Set<string>> {
  const frames = new Map<string, Set<string>>();
  for (const name of readdirSync(FIXTURES)) {
    const sample = JSON.parse(readFileSync(join(FIXTURES, name), "utf8")) as { type: string };
    const members = frames.get(sample.type) ?? new Set();
    Object.keys(sample).forEach((member) => members.add(member));
    frames.set(sample.type, members);
  }
  return frames;
}

test("The client knows every frame and member of the server's fixtures, and no others", () => {
  const server = fixtures();
  assert.ok(server.size > 20);
  const own = declared();
  for (const type of new Set([...own.keys(), ...server.keys()])) {
    assert.deepEqual([...(own.get(type) ?? [])].sort(), [...(server.get(type) ?? [])].sort(), type);
  }
});
