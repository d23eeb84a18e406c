import assert from "node:assert/strict";
import { test } from "node:test";
import { paragraphs, say, scenario, think, tool, wait } from "./scenario.js";
import { Person, staged } from "./stage.js";

const stage = staged();
const LONG = paragraphs(24);

test("a page that is loaded again in the middle of an answer goes on with it, and ends with all of it", async () => {
  const person = await stage().person();
  await person.say(scenario(think("Let me see."), say(LONG, 300, 10)));
  await person.answers.last().getByText("Paragraph 3 of").waitFor();
  await person.page.reload();
  await person.answers.last().getByText("Paragraph 24 of").waitFor();
  await person.answered();
  assert.equal(await person.answers.count(), 1);
  assert.equal(await textOf(person), LONG.replaceAll("\n\n", ""));
  await person.leave();
});

test("what is typed and sent while the network is cut for ten seconds is shown as waiting, and sent once when it is back", async () => {
  const person = await stage().person();
  await person.say(scenario(say(LONG, 400, 30)));
  await person.answers.last().getByText("Paragraph 2 of").waitFor();
  const before = await textOf(person);
  stage().page.online = false;
  await person.field.fill(scenario(say("Sent without a network.")));
  await person.page.keyboard.press("Enter");
  await person.page.keyboard.type("and typed meanwhile");
  const back = new Promise((resolve) => { setTimeout(resolve, 10_000); });
  await person.page.getByText("Sent without a network.").first().waitFor();
  await back;
  assert.ok((await textOf(person)).startsWith(before), "what was shown is still there");
  stage().page.online = true;
  await person.answers.getByText("Sent without a network.", { exact: true }).waitFor();
  await person.answered();
  assert.equal(await person.own.filter({ hasText: "Sent without a network." }).count(), 1);
  assert.equal(await person.field.inputValue(), "and typed meanwhile");
  assert.deepEqual(person.watched.complaints, []);
  await person.leave();
});

test("when the server dies in the middle of an answer, what shrinks says so", async () => {
  const person = await stage().person();
  await person.say(scenario(say("A part that is kept. "), tool("look", {}), say(LONG, 400, 20)));
  await person.answers.last().getByText("Paragraph 4 of").waitFor();
  await stage().backend.kill();
  const shown = (await textOf(person)).length;
  await stage().backend.start();
  await person.messages.getByText(/^The answer failed: /).waitFor();
  const left = (await textOf(person)).length;
  assert.ok(left < shown, "the server had stored all of it, so that this test shows nothing");
  await person.messages.getByText("Part of this answer was lost when the server stopped").waitFor();
  await person.messages.getByText("A part that is kept.").first().waitFor();
  await person.button("Retry").click();
  await person.button("Stop").waitFor();
  await person.leave();
});

test("two tabs show the same, and what one does the other follows", async () => {
  const person = await stage().person();
  await person.say(scenario(say("From the first tab.")));
  await person.answered();
  const other = await person.tab();
  await other.answers.getByText("From the first tab.").waitFor();
  await other.say(scenario(say("From the second tab. "), wait(60_000)));
  await person.answers.getByText("From the second tab.").waitFor();
  await person.button("Stop").click();
  await other.messages.getByText("Stopped", { exact: true }).waitFor();
  await other.until("both read the same", async () => await spoken(person) === await spoken(other));
  await person.leave();
});

test("what another device approves is approved here, and a late decision is told why it does not count", async () => {
  const person = await stage().person();
  await person.say(scenario(tool("send_email", { to: "ada@example.org", subject: "Grüße" }, { approval: true, result: { sent: true } }), say("It is sent.")));
  const card = person.messages.getByRole("region", { name: "Approve “Send email”?" });
  await card.getByText("ada@example.org").waitFor();
  await card.getByText(/Expires in/).waitFor();
  const context = await stage().browser.newContext();
  await context.addCookies(await person.watched.context.cookies());
  const page = await context.newPage();
  await page.goto(person.page.url());
  const device = new Person({ ...person.watched, context, page }, person.page.url());
  await device.page.getByRole("textbox", { name: "Note to the agent (optional)" }).fill("Fine with me.");
  await device.button("Approve").click();
  await person.answers.getByText("It is sent.").waitFor();
  await card.waitFor({ state: "detached" });
  await person.button(/Sent email/).click();
  await person.messages.getByText("You approved: Fine with me.").waitFor();
  await context.close();
  await person.leave();
});

test("a thread that is opened without a network says so instead of nothing, and is there when the network is back", async () => {
  const person = await stage().person();
  await person.say(scenario(say("One.")));
  await person.answered();
  const first = person.page.url();
  await person.page.getByRole("button", { name: "New chat" }).first().click();
  await person.choose("script");
  await person.say(scenario(say("Two.")));
  await person.answers.getByText("Two.", { exact: true }).waitFor();
  await person.page.reload();
  await person.answers.getByText("Two.", { exact: true }).waitFor();
  stage().page.online = false;
  await person.page.evaluate((url) => { location.hash = new URL(url).hash; }, first);
  await person.messages.getByText("You are offline").or(person.messages.getByText("One.", { exact: true })).first().waitFor();
  stage().page.online = true;
  await person.answers.getByText("One.", { exact: true }).waitFor();
  await person.leave();
});

/** What the last answer says, without the blanks between its blocks. */
async function textOf(person: Person): Promise<string> {
  const parts = await person.answers.last().locator(".content").allTextContents();
  return parts.join("").replaceAll("\n", "");
}

function spoken(person: Person): Promise<string> {
  return person.messages.evaluate((box) => [...box.querySelectorAll("article .content, article .bubble")].map(({ textContent }) => textContent).join("|"));
}
