import assert from "node:assert/strict";
import { Session } from "node:inspector/promises";
import { test } from "node:test";
import { Clock, seeded } from "./model/clock.js";
import type { NewEvent } from "./model/log.js";
import { Server } from "./model/server.js";
import { Browser } from "./model/tab.js";

const session = new Session();

/** How often each function and block of the client ran, all together, and how much was gone through by what is built in. */
async function cost(length: number): Promise<number> {
  const clock = new Clock(seeded(1));
  const server = new Server(clock);
  const tab = new Browser(clock, server).open();
  await clock.pass(500);
  const thread = tab.chat.newThread();
  thread.open();
  void thread.send("First");
  await clock.pass(500);
  const [log] = server.log.threads.values();
  assert.ok(log);
  server.agent.end(log, "completed");
  for (let at = log.events.length; at < length; at += 3) {
    const message_id = `msg_m${at}`;
    const events: NewEvent[] = [
      { type: "user_message", message_id, content: "More", client_id: `c_m${at}` },
      { type: "agent_started", run_id: `run_m${at}`, agent: "demo", message_id },
      { type: "agent_completed", run_id: `run_m${at}`, message_id: `msg_a${at}`, part_id: `part_m${at}`, content: "Yes", duration_ms: 1 },
    ];
    events.forEach((event) => { server.publish(log, server.log.append(log, event)); });
  }
  await clock.pass(2_000);
  assert.ok(thread.getSnapshot().entries.length >= length / 2);

  const { steps, undo } = counted();
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  server.emit(log, { type: "user_message", message_id: "msg_z", content: "Last", client_id: "c_z", when_running: "queue" });
  server.emit(log, { type: "agent_started", run_id: "run_z", agent: "demo", message_id: "msg_z" });
  server.publish(log, { type: "agent_delta", thread_id: log.id, run_id: "run_z", part_id: "part_z", offset: 0, text: "Hi" });
  server.emit(log, { type: "agent_completed", run_id: "run_z", message_id: "msg_y", part_id: "part_z", content: "Hi", duration_ms: 1 });
  await clock.pass(1_000);
  const { result } = await session.post("Profiler.takePreciseCoverage");
  await session.post("Profiler.stopPreciseCoverage");
  undo();
  const own = result.filter(({ url }) => url.includes("cost.test"));
  const ours = own.flatMap(({ functions }) => functions).filter(({ functionName }) => functionName.startsWith("_"));
  assert.ok(ours.length > 20);
  return steps.count + ours.flatMap(({ ranges }) => ranges).reduce((sum, { count }) => sum + count, 0);
}

/** Counts the elements that arrays' own methods look at. */
function counted(): { steps: { count: number }; undo: () => void } {
  const steps = { count: 0 };
  const undone: (() => void)[] = [];
  for (const name of ["findIndex", "indexOf", "find", "filter", "map", "some", "includes"] as const) {
    const original = Object.getOwnPropertyDescriptor(Array.prototype, name) as PropertyDescriptor;
    const work = original.value as (...given: unknown[]) => unknown;
    Object.defineProperty(Array.prototype, name, {
      ...original,
      value(this: unknown[], ...given: unknown[]) {
        // The log of the model is not the client's.
        const isLog = this.length > 0 && typeof this[0] === "object" && this[0] !== null && "thread_id" in this[0];
        steps.count += isLog ? 0 : this.length;
        return work.apply(this, given);
      },
    });
    undone.push(() => { Object.defineProperty(Array.prototype, name, original); });
  }
  return { steps, undo: () => { undone.forEach((back) => { back(); }); } };
}

test("Applying events costs the same in a thread of 100 entries and in one of 10,000", async () => {
  session.connect();
  await session.post("Profiler.enable");
  const short = await cost(150);
  const long = await cost(15_000);
  assert.equal(long, short);
});
