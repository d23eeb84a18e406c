import assert from "node:assert/strict";
import { test } from "node:test";
import { say, scenario, think, tool, wait } from "./scenario.js";
import { staged } from "./stage.js";

const stage = staged();

test("the focus never falls to the body: after Stop, Answer again, Edit, Escape, Approve, Reject, take back and discard", async () => {
  const person = await stage().person();
  const stays = async (after: string) => {
    await person.settled();
    assert.notEqual(await person.focus(), "body", `after ${after}`);
  };
  await person.say(scenario(say("It begins. "), wait(60_000)));
  await person.answers.getByText("It begins.").waitFor();
  await person.button("Stop").focus();
  await person.page.keyboard.press("Enter");
  await person.messages.getByText("Stopped", { exact: true }).waitFor();
  await stays("Stop");

  await person.say(scenario(say("Again and again.")));
  await person.answers.getByText("Again and again.").waitFor();
  await person.answers.last().getByRole("button", { name: "Answer again" }).focus();
  await person.page.keyboard.press("Enter");
  await person.answered();
  await stays("Answer again");

  await person.own.last().getByRole("button", { name: "Edit" }).focus();
  await person.page.keyboard.press("Enter");
  await person.page.getByRole("textbox", { name: "Edit your message" }).waitFor();
  assert.equal(await person.focus(), "Edit your message");
  await person.page.keyboard.press("Escape");
  await person.page.getByRole("textbox", { name: "Edit your message" }).waitFor({ state: "detached" });
  await stays("Escape in an edit");

  await person.own.last().getByRole("button", { name: "Edit" }).click();
  await person.page.getByRole("textbox", { name: "Edit your message" }).fill(scenario(say("Edited.")));
  await person.page.keyboard.press("Enter");
  await person.answers.getByText("Edited.").waitFor();
  await stays("sending an edit");

  for (const decision of ["Approve", "Reject"]) {
    await person.say(scenario(tool("send_email", { to: "ada@example.org" }, { approval: true }), say("Decided.")));
    await person.button(decision).focus();
    await person.page.keyboard.press("Enter");
    await person.answered();
    await stays(decision);
  }

  await person.say(scenario(wait(60_000)));
  await person.button("Stop").waitFor();
  await person.say("waits");
  await person.button("Take back").focus();
  await person.page.keyboard.press("Enter");
  await person.button("Take back").waitFor({ state: "detached" });
  await stays("Take back");
  await person.page.keyboard.press("Escape");
  await person.button("Queue").waitFor({ state: "detached" });
  await stays("Escape, which stops");
  assert.deepEqual(person.watched.complaints, []);
  await person.leave();
});

test("the main path goes by keyboard alone", async () => {
  const person = await stage().person();
  const { keyboard } = person.page;
  await person.field.focus();
  await keyboard.insertText(scenario(think("Let me see."), tool("search_threads", { query: "whales" }, { result: { hits: [1, 2] } }), say("Two **whales**.")));
  await keyboard.press("Enter");
  await person.answered();
  await keyboard.press("ArrowUp");
  await person.page.getByRole("textbox", { name: "Edit your message" }).waitFor();
  await keyboard.press("Escape");
  await tabTo("Copy as Markdown");
  await tabTo(/Searched threads/, "Shift+Tab");
  await keyboard.press("Enter");
  await person.messages.getByText("Query").or(person.messages.getByText("whales", { exact: true })).first().waitFor();
  await tabTo("About this answer");
  await keyboard.press("Enter");
  await person.page.getByRole("dialog", { name: "About this answer" }).waitFor();
  await keyboard.press("Escape");
  assert.equal(await person.focus(), "About this answer");
  await tabTo("Message");
  await keyboard.insertText(scenario(say("It begins. "), wait(60_000)));
  await keyboard.press("Enter");
  await person.button("Stop").waitFor();
  await keyboard.press("Escape");
  await person.messages.getByText("Stopped", { exact: true }).waitFor();
  await person.leave();

  async function tabTo(name: string | RegExp, key = "Tab"): Promise<void> {
    for (let presses = 0; presses < 80; presses++) {
      await keyboard.press(key);
      const focus = await person.focus();
      if (typeof name === "string" ? focus === name : name.test(focus)) {
        return;
      }
    }

    assert.fail(`Tab never comes to ${String(name)}`);
  }
});

test("a screen reader hears when an answer begins and ends, never its text, and reads the transcript as turns", async () => {
  const person = await stage().person();
  const heard: string[] = [];
  await person.page.exposeFunction("heard", (line: string) => { heard.push(line); });
  await person.page.evaluate(() => {
    const observer = new MutationObserver((changes) => {
      for (const { addedNodes } of changes) {
        addedNodes.forEach((node) => { (window as unknown as { heard: (line: string) => void }).heard(node.textContent ?? ""); });
      }
    });
    document.querySelectorAll(".unseen[aria-live]").forEach((region) => { observer.observe(region, { childList: true }); });
  });
  await person.say(scenario(say("Word after word after word.", 20, 20), tool("send_email", { to: "ada@example.org" }, { approval: true }), say("Sent.")));
  await person.button("Approve").click();
  await person.answered();
  await person.say(scenario(say("It begins. "), wait(60_000)));
  await person.answers.last().getByText("It begins.").waitFor();
  await person.button("Stop").click();
  await person.messages.getByText("Stopped", { exact: true }).waitFor();
  await person.button("Send").waitFor();
  await person.settled();
  assert.deepEqual(heard, ["Answering…", "Approval needed: Send email", "Answer complete", "Answering…", "Stopped"]);
  assert.equal(await person.messages.evaluate((box) => box.closest("[aria-live], [role=log]") ?? box.querySelector("[aria-live]:not([aria-live=off]), [role=log]")), null, "the transcript is no live region");
  const turns = await person.messages.getByRole("heading").allTextContents();
  assert.deepEqual(turns.map((turn) => turn.replace(/^(script answered).*/, "$1")), ["You said", "script answered", "You said", "script answered"]);
  await person.leave();
});
