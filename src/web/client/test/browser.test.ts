import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { type Browser, type BrowserContext, type Page, chromium } from "playwright-core";
import type { Chat, Thread } from "../src/api.js";
import { type Listening, listen } from "./model/listen.js";

declare const TEST_FOLDER: string;
declare global {
  interface Window {
    chat: Chat;
    held: Thread;
  }
}

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const PAGE = '<!doctype html><title>Test</title><script type="module">import { createChat } from "./client.js"; window.chat = createChat();</script>';
let browser: Browser;
let listening: Listening;

before(async () => {
  assert.ok(existsSync(CHROMIUM), `There is no Chromium at ${CHROMIUM}; the variable CHROMIUM says where it is.`);
  const { bundle } = (await import(join(TEST_FOLDER, "../build.mjs"))) as { bundle: object };
  const { outputFiles } = await build({ ...bundle, write: false });
  listening = await listen({ "/": { type: "text/html", body: PAGE }, "/client.js": { type: "text/javascript", body: outputFiles[0]?.text ?? "" } });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
});

after(async () => {
  await browser.close();
  listening.close();
});

async function open(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(listening.url);
  await is(page, "open");
  return page;
}

const is = (page: Page, state: string) => page.waitForFunction((wanted) => window.chat.connection.getSnapshot().state === wanted, state);
const write = (page: Page, content: string) =>
  page.evaluate((text) => {
    window.held = window.chat.newThread();
    window.held.open();
    void window.held.send(text);
  }, content);
const count = (content: string) =>
  [...listening.server.log.threads.values()].flatMap(({ events }) => events).filter((event) => event.type === "user_message" && event.content === content).length;
const isSent = async (page: Page, content: string) => {
  await page.waitForFunction(() => window.chat.outbox.getSnapshot().length === 0);
  assert.equal(count(content), 1);
};

test("Two tabs share the outbox: what one writes the other sends, and its tab learns of it", async () => {
  const context = await browser.newContext();
  const [first, second] = [await open(context), await open(context)];
  await write(second, "from the second tab");
  await isSent(second, "from the second tab");
  await second.waitForFunction(() => window.held.getSnapshot().threadId !== undefined && window.held.getSnapshot().state === "live");
  await isSent(first, "from the second tab");
  await context.close();
});

test("A message that a closed tab left unsent is sent by the next one", async () => {
  const context = await browser.newContext();
  const page = await open(context);
  const { server } = listening;
  const receive = server.receive.bind(server);
  // It arrives, and the answer never leaves.
  server.receive = (peer, frame) => { if (frame.type !== "chat") { receive(peer, frame); } };
  await write(page, "left behind");
  await page.waitForFunction(async () => {
    const request = indexedDB.open("chat /");
    const database = await new Promise<IDBDatabase>((resolve) => { request.onsuccess = () => { resolve(request.result); }; });
    const all = database.transaction("kept").objectStore("kept").count();
    return (await new Promise<number>((resolve) => { all.onsuccess = () => { resolve(all.result); }; })) === 2;
  });
  await page.close({ runBeforeUnload: false });
  server.receive = receive;
  const next = await open(context);
  await isSent(next, "left behind");
  await context.close();
});

test("Offline shows at once, what is written meanwhile goes out when the network is back", async () => {
  const context = await browser.newContext();
  const page = await open(context);
  await context.setOffline(true);
  await is(page, "offline");
  await write(page, "while offline");
  assert.equal(count("while offline"), 0);
  await context.setOffline(false);
  await is(page, "open");
  await isSent(page, "while offline");
  await context.close();
});

test("A frozen tab lets another one send, and is right again when it wakes", async () => {
  const context = await browser.newContext();
  const [first, second] = [await open(context), await open(context)];
  const devtools = await context.newCDPSession(first);
  await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
  await write(second, "while another tab is frozen");
  await isSent(second, "while another tab is frozen");
  // The server forgets the frozen page meanwhile.
  for (const socket of [...listening.sockets].slice(0, 1)) {
    socket.destroy();
  }
  await devtools.send("Page.setWebLifecycleState", { state: "active" });
  await is(first, "open");
  await write(first, "after the thaw");
  await isSent(first, "after the thaw");
  await context.close();
});

test("A reload in the middle of an answer goes on where it was", async () => {
  const context = await browser.newContext();
  const page = await open(context);
  await write(page, "reload me");
  await page.waitForFunction(() => window.held.getSnapshot().entries.length > 1);
  const id = await page.evaluate(() => window.held.getSnapshot().threadId ?? "");
  await page.reload();
  await is(page, "open");
  await page.evaluate((threadId) => {
    window.held = window.chat.thread(threadId);
    window.held.open();
  }, id);
  await page.waitForFunction(() => window.held.getSnapshot().state === "live" && window.held.getSnapshot().entries.length > 1);
  assert.equal(count("reload me"), 1);
  assert.equal(listening.server.log.threads.get(id)?.messages().length, 1);
  await context.close();
});

test("The page needs nothing of Node", () => {
  const text = readFileSync(join(TEST_FOLDER, "../dist/index.js"), "utf8");
  assert.doesNotMatch(text, /\b(process|require|Buffer|setImmediate)\b/);
});
