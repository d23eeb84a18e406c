import assert from "node:assert/strict";
import { test } from "node:test";
import { paragraphs, say, scenario, wait } from "./scenario.js";
import { type Person, staged } from "./stage.js";

const stage = staged();
const LASTING = scenario(say("It begins. "), wait(60_000), say("It ends."));

test("the agent belongs to the thread: a reload and another thread leave it as it was", async () => {
  const person = await stage().person();
  await person.say(scenario(say("Here I am.")));
  await person.answered();
  await person.page.reload();
  await person.button("Agent: script").waitFor();
  await person.page.getByRole("button", { name: "New chat" }).first().click();
  await person.button("Agent: demo").waitFor();
  await person.choose("script");
  await person.page.reload();
  await person.button("Agent: script").waitFor();
  await person.page.goBack();
  await person.button("Agent: script").waitFor();
  await person.leave();
});

test("the composer is as high while an answer is written as before and after", async () => {
  const person = await stage().person();
  await person.say(scenario(say("One.")));
  await person.answered();
  const height = () => person.page.getByRole("form", { name: "Message" }).evaluate((form) => form.getBoundingClientRect().height);
  const idle = await height();
  await person.say(LASTING);
  await person.button("Stop").waitFor();
  assert.equal(await height(), idle, "while it answers");
  await person.field.fill("And then?");
  await person.button("Queue").waitFor();
  assert.equal(await height(), idle, "with the choice of how to send");
  await person.field.fill("");
  await person.button("Stop").click();
  await person.button("Send").waitFor();
  assert.equal(await height(), idle, "when it was stopped");
  await person.leave();
});

test("Latest covers no text", async () => {
  const person = await stage().person({ viewport: { width: 390, height: 700 } });
  await person.say(scenario(say(paragraphs(20))));
  await person.answered();
  await person.messages.evaluate((box) => { box.scrollTop -= 400; });
  const latest = await person.button(/^Latest/).boundingBox();
  const box = await person.messages.boundingBox();
  assert.ok(latest && box && latest.y >= box.y + box.height, "it stands below the transcript");
  await person.leave();
});

test("what is written is kept for each thread, over a reload too, and nothing of it is lost when a new thread gets its name", async () => {
  const person = await stage().person();
  await person.field.fill("for a new thread");
  await person.page.reload();
  await person.until("the draft is there", async () => await person.field.inputValue() === "for a new thread");
  await person.say(scenario(wait(500), say("Named.")));
  await person.field.fill("written meanwhile");
  await person.answered();
  await person.page.waitForURL(/#\/t\//);
  assert.equal(await person.field.inputValue(), "written meanwhile");
  await person.page.reload();
  await person.messages.getByText("Named.", { exact: true }).waitFor();
  await person.until("the draft is there", async () => await person.field.inputValue() === "written meanwhile");
  await person.page.getByRole("button", { name: "New chat" }).first().click();
  await person.page.getByText("You are chatting with").waitFor();
  assert.equal(await person.field.inputValue(), "");
  await person.leave();
});

test("the Enter that chooses a word in an input method sends nothing; Shift+Enter begins a line", async () => {
  const person = await stage().person();
  await person.field.focus();
  const session = await person.watched.context.newCDPSession(person.page);
  await session.send("Input.imeSetComposition", { text: "にほ", selectionStart: 2, selectionEnd: 2 });
  await person.field.evaluate((field) => field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true })));
  // As Safari reports it.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  await person.field.evaluate((field) => field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true, cancelable: true })));
  await session.send("Input.insertText", { text: "日本" });
  assert.equal(await person.field.inputValue(), "日本");
  await person.page.keyboard.press("Shift+Enter");
  await person.page.keyboard.type("x");
  assert.equal(await person.field.inputValue(), "日本\nx");
  assert.equal(await person.own.count(), 0);
  await person.leave();
});

test("while an answer is written a message waits, joins or interrupts, and can be taken back", async () => {
  const person = await stage().person();
  await person.say(scenario(say("First. "), { tool: "look", ms: 1500 }, say("Still the first.")));
  await person.button("Stop").waitFor();
  await person.say("taken back");
  const waiting = person.page.getByRole("list", { name: "Messages that wait" });
  await waiting.getByText("taken back").waitFor();
  await waiting.getByRole("button", { name: "Take back" }).click();
  await waiting.waitFor({ state: "detached" });
  assert.equal(await person.field.inputValue(), "taken back");
  await person.field.fill(scenario(say("This joined.")));
  await sendAs(person, "Steer");
  await person.messages.getByRole("group", { name: "You added" }).waitFor();
  await person.answered();
  await person.answers.last().getByText("Still the first.This joined.", { exact: true }).waitFor();
  assert.equal(await person.own.count(), 1, "what joined stands in the answer, and nowhere else");
  await person.say(LASTING);
  await person.answers.last().getByText("It begins.").waitFor();
  await person.field.fill(scenario(say("Interrupting.")));
  await sendAs(person, "Interrupt");
  await person.messages.getByText("Interrupted by your message").waitFor();
  await person.messages.getByText("Interrupting.", { exact: true }).waitFor();
  await person.leave();
});

test("a message near the limit is counted, and one that is too long is not sent", async () => {
  const person = await stage().person();
  await person.field.fill("ä".repeat(126_000));
  await person.page.getByText(/bytes left/).waitFor();
  await person.field.fill("ä".repeat(140_000));
  await person.page.getByText(/bytes too long/).first().waitFor();
  await person.field.press("Enter");
  assert.equal(await person.own.count(), 0);
  assert.equal((await person.field.inputValue()).length, 140_000);
  await person.leave();
});

async function sendAs(person: Person, how: string): Promise<void> {
  await person.button("How to send while an answer is being written").click();
  await person.page.getByRole("menuitem", { name: new RegExp(`^${how}`) }).click();
}
