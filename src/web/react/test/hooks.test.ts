import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { bundled, launch, Served } from "./page/served.js";

let browser: Browser;
let script: string;

before(async () => {
  [browser, script] = await Promise.all([launch(), bundled()]);
});
after(() => browser.close());

/** A page for the time of one test, in which nothing may be complained about. */
async function withPage(path: string, play: (served: Served) => Promise<void>): Promise<void> {
  const served = await Served.open(browser, script, path);
  await play(served);
  assert.deepEqual(served.complaints, []);
  await served.close();
}

test("text that arrives renders its run and nothing else", () =>
  withPage("", async (served) => {
    served.start("thr_1", "run_1");
    served.append("thr_1", { type: "agent_completed", run_id: "run_1", message_id: "msg_2", part_id: "part_run_1", content: "Over.", duration_ms: 1 });
    served.start("thr_1", "run_2");
    await served.show("transcript");
    await served.text("Over. completed").waitFor();
    served.say("thr_1", "run_2", "0", 0);
    await served.text("0").waitFor();
    const { renders: before } = await served.seen();
    let text = "0";
    for (let number = 1; number < 6; number++) {
      served.say("thr_1", "run_2", `,${number}`, text.length);
      text += `,${number}`;
      await served.text(text).waitFor();
    }
    const { renders } = await served.seen();
    assert.deepEqual(renders, { ...before, run_2: (before["run_2"] ?? 0) + 5 });
  }));

test("StrictMode mounts twice and follows once", () =>
  withPage("?strict", async (served) => {
    served.message("thr_1", "First");
    await served.show("thr_1");
    await served.text("First (sent)").waitFor();
    await served.show("chats");
    await served.text("Title of thr_2").waitFor();
    await served.show("nothing");
    await served.settled();
    const { sent } = await served.seen();
    assert.deepEqual(sent?.toSorted(), ["follow thr_1", "follow_threads", "unfollow thr_1", "unfollow_threads"]);
  }));

test("what is no longer shown is let go, what another component takes over is not", () =>
  withPage("", async (served) => {
    await served.show("thr_1");
    await served.text("live").waitFor();
    await served.show("transcript");
    await served.settled();
    assert.deepEqual((await served.seen()).sent, ["follow thr_1"]);
    await served.show("thr_2");
    await served.page.getByRole("heading", { name: "thr_2" }).waitFor();
    await served.text("live").waitFor();
    await served.show("nothing");
    await served.settled();
    const { sent } = await served.seen();
    assert.deepEqual(sent?.toSorted(), ["follow thr_1", "follow thr_2", "unfollow thr_1", "unfollow thr_2"]);
  }));

test("another thread never shows what the one before it had", () =>
  withPage("?strict", async (served) => {
    served.message("thr_1", "One");
    served.message("thr_2", "Two");
    for (const [id, text] of [["thr_1", "One (sent)"], ["thr_2", "Two (sent)"], ["thr_1", "One (sent)"], ["thr_2", "Two (sent)"]] as const) {
      await served.show(id);
      await served.text(text).waitFor();
    }
    const { shown } = await served.seen();
    assert.ok(shown.length > 4);
    const own: Readonly<Record<string, string>> = { thr_1: "One", thr_2: "Two" };
    assert.deepEqual(shown.filter(([which = "", threadId, messages]) => which !== threadId || !["", own[which]].includes(messages)), []);
  }));

test("a new thread becomes the one that its first message opens, and a new one after it is empty", () =>
  withPage("?strict", async (served) => {
    served.answers = false;
    await served.show("new");
    await served.page.getByRole("heading", { name: "New chat" }).waitFor();
    await served.page.getByRole("button", { name: "Send", exact: true }).click();
    await served.text("Hello (pending)").waitFor();
    await served.text("new sending").waitFor();
    served.answer();
    await served.text("Hello (sent)").waitFor();
    await served.page.getByRole("heading", { name: "thr_3" }).waitFor();
    await served.text("live").waitFor();
    await served.show("thr_3");
    await served.text("Hello (sent)").waitFor();
    await served.show("new");
    await served.page.getByRole("heading", { name: "New chat" }).waitFor();
    assert.equal(await served.text("Hello (sent)").count(), 0);
    const { sent, shown } = await served.seen();
    assert.deepEqual(sent?.filter((frame) => frame.startsWith("chat")), ["chat"]);
    assert.deepEqual(shown.filter(([which, , messages]) => which === "thr_3" && messages !== "Hello"), [], "the id brings no empty page");
  }));

test("components without an id share the new thread, and keep it when it got its id", () =>
  withPage("", async (served) => {
    await served.show("pair");
    const left = served.page.getByRole("region", { name: "Conversation" }).first();
    const right = served.page.getByRole("region", { name: "Conversation" }).last();
    await left.getByRole("button", { name: "Send" }).click();
    for (const side of [left, right]) {
      await side.getByText("Hello (sent)").waitFor();
      await side.getByRole("heading", { name: "thr_3" }).waitFor();
    }
    await right.getByRole("button", { name: "Send" }).click();
    await served.page.waitForFunction(() => document.querySelectorAll("section p:not([role])").length === 4);
    assert.deepEqual((await served.seen()).sent?.filter((frame) => frame.startsWith("chat")), ["chat", "chat thr_3"]);
  }));

test("a refusal is an error of its thread alone, and gone with the next message", () =>
  withPage("", async (served) => {
    const send = served.page.getByRole("button", { name: "Send", exact: true });
    served.answers = false;
    await served.show("thr_1");
    await served.text("live").waitFor();
    await send.click();
    await served.text("live sending").waitFor();
    await served.show("thr_2");
    await served.text("live").waitFor();
    served.answer("quota_exceeded");
    await served.settled();
    await served.text("live").waitFor();
    await served.show("thr_1");
    await served.text("live quota_exceeded").waitFor();
    await served.text("Hello (failed)").waitFor();
    await send.click();
    await served.text("Hello (sent)").waitFor();
    await served.text("live").waitFor();
  }));

test("the open run, the connection and what is unsent are there for any component", () =>
  withPage("", async (served) => {
    await served.show("thr_1");
    await served.text("live").waitFor();
    served.start("thr_1", "run_1");
    await served.text("live answering").waitFor();
    served.append("thr_1", { type: "agent_stopped", run_id: "run_1", reason: "user" });
    await served.text("live").waitFor();
    served.answers = false;
    await served.page.getByRole("button", { name: "Send", exact: true }).click();
    await served.show("facts");
    await served.text("open usr_1 1 unsent").waitFor();
    served.answer();
    await served.text("open usr_1 0 unsent").waitFor();
  }));
