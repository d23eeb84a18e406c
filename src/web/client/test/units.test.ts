import assert from "node:assert/strict";
import { test } from "node:test";
import type { Thread } from "../src/api.js";
import type { ChatOptions } from "../src/options.js";
import type { ClientFrame, ServerFrame } from "../src/wire.js";
import { Clock, seeded } from "./model/clock.js";
import { Server } from "./model/server.js";
import { Browser, type Tab } from "./model/tab.js";

/** A browser with one page on the model of the server, connected. */
async function begin(options: Partial<ChatOptions> = {}, seed = 1): Promise<{ clock: Clock; server: Server; browser: Browser; tab: Tab }> {
  const clock = new Clock(seeded(seed));
  const server = new Server(clock);
  const browser = new Browser(clock, server);
  const tab = browser.open(options);
  await clock.pass(500);
  return { clock, server, browser, tab };
}

const state = ({ chat }: Tab) => chat.connection.getSnapshot().state;
const sentBy = (server: Server, type: ClientFrame["type"]) => server.received.filter((frame) => frame.type === type);

/** A thread that is held, with one message and its answer. */
async function talked({ clock, server, tab }: { clock: Clock; server: Server; tab: Tab }): Promise<{ thread: Thread; id: string }> {
  const thread = tab.chat.newThread();
  thread.open();
  void thread.send("Hello");
  await clock.pass(500);
  const id = thread.getSnapshot().threadId ?? "";
  const log = server.log.threads.get(id);
  assert.ok(log);
  server.agent.end(log, "completed");
  await clock.pass(500);
  return { thread, id };
}

test("A message shows at once, is sent when there is a network, and is one entry under one key", async () => {
  const { clock, server, tab } = await begin();
  server.crash();
  const thread = tab.chat.newThread();
  thread.open();
  const sent = thread.send("Hello");
  const [pending] = thread.getSnapshot().entries;
  assert.equal(pending?.kind === "message" && pending.state, "pending");
  assert.equal(tab.chat.outbox.getSnapshot().length, 1);
  server.start();
  await clock.pass(15_000);
  const ack = await sent;
  const [message] = thread.getSnapshot().entries;
  assert.equal(message?.key, pending?.key);
  assert.equal(message?.kind === "message" && message.messageId, ack.messageId);
  assert.deepEqual(tab.chat.outbox.getSnapshot(), []);
  assert.equal(tab.chat.thread(ack.threadId ?? ""), thread);
});

test("What is refused fails with its reason, can be discarded, and one that is too large is not sent", async () => {
  const { clock, server, tab } = await begin();
  const thread = tab.chat.newThread();
  thread.open();
  const refused = assert.rejects(thread.send("refuse me"), { code: "unknown_agent" });
  const large = assert.rejects(thread.send("x".repeat(5_000)), { code: "too_large" });
  await clock.pass(1_000);
  await refused;
  await large;
  assert.equal(sentBy(server, "chat").length, 1);
  const entries = thread.getSnapshot().entries.filter((entry) => entry.kind === "message");
  assert.deepEqual(entries.map((entry) => [entry.state, entry.error?.code]), [["failed", "unknown_agent"], ["failed", "too_large"]]);
  for (const { key } of entries) {
    void thread.discard(key);
  }
  await clock.pass(1_000);
  assert.deepEqual(thread.getSnapshot().entries, []);
});

test("No more commands wait for their answer than the server allows", async () => {
  const { clock, server, tab } = await begin();
  let most = 0;
  let waiting = 0;
  tab.chat.tap(({ direction, frame }) => {
    const isAnswer = direction === "received" && ["ack", "error", "caught_up"].includes(String(frame["type"]));
    waiting += direction === "sent" && frame["type"] !== "ping" ? 1 : isAnswer ? -1 : 0;
    most = Math.max(most, waiting);
  });
  for (let thread = 0; thread < 30; thread++) {
    void tab.chat.newThread().send(`message ${thread}`);
  }
  await clock.pass(10_000);
  assert.equal(server.log.threads.size, 30);
  assert.equal(most, server.limits["max_pending_commands"]);
});

test("A dead network is noticed within ten seconds, and at once on waking", async () => {
  const { clock, tab } = await begin();
  tab.silence(1_000_000);
  await clock.pass(10_500);
  assert.notEqual(state(tab), "open");
});

test("Pauses are a random part of a time that doubles up to ten seconds, and all clients do not come as one", async () => {
  const { clock, server, tab } = await begin();
  server.crash();
  const pauses: number[] = [];
  tab.chat.connection.subscribe(() => {
    const { state: is, retryAt = 0 } = tab.chat.connection.getSnapshot();
    if (is === "waiting") {
      pauses.push(Math.round(retryAt - clock.now));
    }
  });
  await clock.pass(120_000);
  assert.ok(pauses.length > 10);
  pauses.forEach((pause, failure) => {
    assert.ok(pause <= Math.min(10_000, 500 * 2 ** failure), `${pause} ms at ${failure}`);
  });
  assert.ok(new Set(pauses).size > 8);
});

/** A page whose handshakes are answered by hand. */
async function refusedBy(status: number, headers: Record<string, string> = {}): Promise<{ clock: Clock; tab: Tab; asked: string[] }> {
  const asked: string[] = [];
  const world = await begin();
  const tab = world.browser.open({
    fetch: ((url: URL, init: RequestInit) => {
      asked.push(`${init.method ?? ""} ${url.pathname}`);
      return Promise.resolve(new Response("{}", { status, headers }));
    }) as typeof fetch,
  });
  world.server.isUp = false;
  await world.clock.pass(300);
  return { clock: world.clock, tab, asked };
}

test("Retry-After is waited for", async () => {
  const { clock, tab } = await refusedBy(503, { "Retry-After": "60" });
  const { state: is, retryAt = 0 } = tab.chat.connection.getSnapshot();
  assert.equal(is, "waiting");
  assert.ok(retryAt - clock.now > 59_000);
});

test("A lost session is never silently somebody new", async () => {
  const { tab, asked, clock } = await refusedBy(401);
  await clock.pass(60_000);
  assert.equal(state(tab), "closed");
  assert.equal(tab.chat.connection.getSnapshot().sessionEnded, true);
  assert.ok(!asked.includes("POST /api/guests"));
});

test("4401 asks for one new token, and ends the session when that one is refused too", async () => {
  let tokens = 0;
  const { clock, server, tab } = await begin({ session: () => Promise.resolve({ token: `token${++tokens}` }) });
  for (const peer of [...server.peers]) {
    peer.end(4401);
  }
  await clock.pass(5_000);
  assert.equal(state(tab), "open");
  assert.equal(tokens, 2);
  server.connect = (peer) => { peer.end(4401); };
  for (const peer of [...server.peers]) {
    peer.end(4401);
  }
  await clock.pass(30_000);
  assert.equal(tab.chat.connection.getSnapshot().sessionEnded, true);
  assert.equal(tokens, 3);
});

test("A session is extended before its token expires", async () => {
  let tokens = 0;
  const { clock, server } = await begin({
    session: () => Promise.resolve({ token: `token${++tokens}`, expiresAt: Date.parse("2026-11-28T09:00:00Z") + 300_000 * tokens }),
  });
  await clock.pass(290_000);
  assert.deepEqual(sentBy(server, "authenticate").map((frame) => (frame as { token?: string }).token), ["token2"]);
});

for (const code of [1000, 1008, 4403]) {
  test(`Close code ${code} is final`, async () => {
    const { clock, server, tab } = await begin();
    [...server.peers].forEach((peer) => { peer.end(code, "over"); });
    await clock.pass(60_000);
    assert.equal(state(tab), "closed");
    assert.deepEqual(tab.chat.connection.getSnapshot().reason, { code, text: "over" });
  });
}

test("A drained server is left at a random moment of the time that it gives", async () => {
  const { clock, server, tab } = await begin();
  server.peers.forEach((peer) => { peer.send({ type: "server_draining", reconnect_within_ms: 60_000 }); });
  await clock.pass(200);
  [...server.peers].forEach((peer) => { peer.end(1001); });
  await clock.pass(300);
  const { retryAt = 0 } = tab.chat.connection.getSnapshot();
  assert.ok(retryAt - clock.now > 10_000, "with this seed");
  await clock.pass(60_000);
  assert.equal(state(tab), "open");
});

test("Deltas are trimmed by their offset, and one beyond the end is asked for again", async () => {
  const world = await begin();
  const { clock, server, tab } = world;
  const { thread, id } = await talked(world);
  void thread.send("Again");
  await clock.pass(200);
  const log = server.log.threads.get(id);
  const run_id = log?.run?.runId ?? "";
  assert.ok(log?.run);
  log.run.part = { id: "part_x", kind: "text", text: "" };
  const follows = sentBy(server, "follow").length;
  const say = (offset: number, text: string): void => {
    const frame: ServerFrame = { type: "agent_delta", thread_id: id, run_id, part_id: "part_x", offset, text };
    server.peers.forEach((peer) => { peer.send(frame); });
  };
  server.agent.end = () => undefined;
  log.run.part.text = "one two three";
  say(0, "one ");
  say(0, "one two ");
  await clock.pass(100);
  const shown = () => thread.getSnapshot().run?.getSnapshot().items.find((item) => item.kind === "text" && item.partId === "part_x");
  assert.equal((shown() as { text: string }).text, "one two ");
  say(12, "!");
  await clock.pass(150);
  assert.equal(sentBy(server, "follow").length, follows + 1);
  const follow = server.received.findLast((frame) => frame.type === "follow");
  assert.deepEqual(follow?.type === "follow" && follow.parts, [{ part_id: "part_x", length: 8 }]);
  assert.equal(state(tab), "open");
});

test("Earlier events come in pages, and their runs stay the same objects", async () => {
  const world = await begin();
  const { clock, server, browser } = world;
  const { id } = await talked(world);
  const log = server.log.threads.get(id);
  assert.ok(log);
  for (let seq = 0; seq < 300; seq++) {
    server.emit(log, { type: "thread_renamed", title: `Title ${seq}`, by: "user" });
  }
  void world.tab.chat.thread(id).send("Long after");
  await clock.pass(100);
  const tab = browser.open();
  await clock.pass(500);
  const thread = tab.chat.thread(id);
  thread.open();
  await clock.pass(1_000);
  const { hasEarlier, entries } = thread.getSnapshot();
  assert.equal(hasEarlier, true);
  assert.ok(entries.length < 220);
  const run = entries.find((entry) => entry.kind === "run");
  void thread.loadEarlier();
  await clock.pass(60_000);
  assert.equal(thread.getSnapshot().hasEarlier, false);
  assert.ok(run && thread.getSnapshot().entries.includes(run));
  assert.equal(thread.getSnapshot().entries[0]?.kind, "message");
});

test("A caught_up beyond the cursor means that events are missing: they are asked for again", async () => {
  const world = await begin();
  const { clock, server, browser } = world;
  const { id } = await talked(world);
  const receive = server.receive.bind(server);
  let isFirst = true;
  server.receive = (peer, frame) => {
    if (frame.type === "follow" && isFirst) {
      isFirst = false;
      peer.send({ type: "caught_up", thread_id: id, seq: server.log.threads.get(id)?.events.length ?? 0, log_id: server.log.id });
    } else {
      receive(peer, frame);
    }
  };
  const thread = browser.open().chat.thread(id);
  thread.open();
  await clock.pass(2_000);
  assert.equal(thread.getSnapshot().state, "live");
  assert.ok(thread.getSnapshot().entries.length > 0);
});
