import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Chat, Observable, RunSnapshot, Thread, ThreadSnapshot } from "../src/api.js";
import { createChat } from "../src/index.js";

const SERVER = process.env["CHATBACKEND_SERVER"];
const skip = SERVER === undefined && process.env["CI"] === undefined && "CHATBACKEND_SERVER does not name the built server (dotnet build src/ChatBackend.Server, then the path of ChatBackend.Server.dll).";
let folder = "";
let url = "";
let server: ChildProcess | undefined;
const chats: Chat[] = [];

/** Sockets that a test can cut. */
const open = new Set<WebSocket>();
class CutSocket extends WebSocket {
  constructor(address: string, protocols: string[]) {
    super(address, protocols);
    open.add(this);
  }
}

before(async () => {
  if (skip !== false) {
    return;
  }
  assert.ok(SERVER, "CHATBACKEND_SERVER names the built server: dotnet build src/ChatBackend.Server, then the path of ChatBackend.Server.dll.");
  folder = mkdtempSync(join(tmpdir(), "chat-client-"));
  const process = spawn("dotnet", [SERVER, "--urls", "http://127.0.0.1:0", "--DataDirectory", folder, "--Agents:Script:Enabled=true", "--Guests:Enabled=true"], { stdio: ["ignore", "pipe", "inherit"] });
  server = process;
  url = await new Promise<string>((resolve, reject) => {
    let said = "";
    process.stdout.on("data", (text: Buffer) => {
      said += text.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (found) {
        resolve(`${found[0]}/`);
      }
    });
    process.on("exit", () => { reject(new Error(`The server ended before it listened: ${said}`)); });
  });
});

after(async () => {
  await Promise.all(chats.map((chat) => chat.close()));
  server?.kill();
  if (folder) {
    rmSync(folder, { recursive: true, force: true });
  }
});

function begin(): { chat: Chat; thread: Thread } {
  const chat = createChat({ url, WebSocket: CutSocket });
  chats.push(chat);
  const thread = chat.newThread({ agent: "script" });
  thread.open();
  return { chat, thread };
}

/** Resolves with the first snapshot that is as asked. */
const until = <T>(observable: Observable<T>, isSo: (snapshot: T) => boolean) =>
  new Promise<T>((resolve) => {
    const look = () => {
      const snapshot = observable.getSnapshot();
      if (isSo(snapshot)) {
        stop();
        resolve(snapshot);
      }
    };
    const stop = observable.subscribe(look);
    queueMicrotask(look);
  });

const script = (...steps: object[]) => JSON.stringify({ steps });

async function run(thread: Thread, isSo: (run: RunSnapshot) => boolean): Promise<RunSnapshot> {
  const last = ({ entries }: ThreadSnapshot) => entries.findLast((entry) => entry.kind === "run");
  const { entries } = await until(thread, (snapshot) => last(snapshot) !== undefined);
  const found = entries.findLast((entry) => entry.kind === "run");
  assert.ok(found);
  return until(found, isSo);
}

const textOf = ({ items }: RunSnapshot) => items.map((item) => ("text" in item ? item.text : "")).join("");

test("A message is answered, and a cut in the middle of the answer shows nowhere", { skip }, async () => {
  const { thread } = begin();
  await thread.send(script({ say: "one two three four five six seven eight", chunks: 8, every_ms: 150 }));
  await run(thread, (snapshot) => textOf(snapshot).length > 5);
  open.forEach((socket) => { socket.close(4000); });
  const ended = await run(thread, ({ end }) => end !== undefined);
  assert.equal(textOf(ended), "one two three four five six seven eight");
  assert.equal(ended.lostText, false);
});

test("A run is stopped and keeps what it had said", { skip }, async () => {
  const { thread } = begin();
  await thread.send(script({ say: "I begin" }, { wait_ms: 60_000 }));
  await run(thread, (snapshot) => textOf(snapshot) === "I begin");
  await thread.stop();
  const { end, items } = await run(thread, (snapshot) => snapshot.end !== undefined);
  assert.equal(end?.type, "stopped");
  assert.equal(items.length, 1);
});

test("A call is approved and made", { skip }, async () => {
  const { thread } = begin();
  await thread.send(script({ tool: "send", arguments: { to: "ada" }, approval: true }, { say: "Sent." }));
  const { items } = await run(thread, (snapshot) => snapshot.items.some((item) => item.kind === "tool" && item.state === "awaiting_approval"));
  const [call] = items;
  assert.ok(call?.kind === "tool");
  await thread.decide(call, "approve");
  const ended = await run(thread, ({ end }) => end !== undefined);
  assert.deepEqual(ended.items.map((item) => (item.kind === "tool" ? item.state : item.kind)), ["succeeded", "text"]);
});

test("An edited message takes the place of the first", { skip }, async () => {
  const { thread } = begin();
  const { messageId = "" } = await thread.send(script({ say: "First." }));
  await run(thread, ({ end }) => end !== undefined);
  const edited = await thread.send(script({ say: "Second." }), { replaces: messageId });
  await until(thread, ({ entries }) => entries[0]?.kind === "message" && entries[0].messageId === edited.messageId && entries[1]?.kind === "run");
  const ended = await run(thread, ({ end }) => end !== undefined);
  assert.equal(textOf(ended), "Second.");
  const [message] = thread.getSnapshot().entries;
  assert.deepEqual(message?.kind === "message" && message.branch, { index: 1, of: [messageId, edited.messageId] });
});
