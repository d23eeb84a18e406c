import assert from "node:assert/strict";
import { test } from "node:test";
import { finish, paragraphs, say, scenario, think, tool } from "./scenario.js";
import { staged } from "./stage.js";

const stage = staged();

test("an answer is Markdown, and is copied as such", async () => {
  const person = await stage().person();
  await person.watched.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const markdown = "It is **half past ten**.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- one\n- two";
  await person.say(scenario(think("Let me see."), say(markdown, 40, 2)));
  await person.answered();
  await person.answers.getByRole("strong").getByText("half past ten").waitFor();
  await person.answers.getByRole("table").waitFor();
  await person.answers.getByRole("button", { name: "Copy as Markdown" }).click();
  await person.button("Copied").waitFor();
  assert.equal(await person.page.evaluate(() => navigator.clipboard.readText()), markdown);
  await person.leave();
});

test("what was thought and done is one line that opens to a timeline with readable values, the JSON behind Details", async () => {
  const person = await stage().person();
  await person.say(scenario(think("First I search.", 3, 300), tool("search_threads", { query: "whales", limit: 5 }, { result: { hits: ["a", "b"] } }), tool("read_file", { path: "x.md" }, { fail: true, result: "There is no such file." }), say("Two.")));
  await person.answered();
  const line = person.answers.getByRole("button", { name: /Thought .* Searched threads \(2 hits\).*Read file failed/ });
  await line.click();
  await person.messages.getByText("Query: whales · Limit: 5").waitFor();
  await person.messages.getByText("There is no such file.", { exact: true }).waitFor();
  await person.messages.getByRole("button", { name: "Details" }).first().click();
  await person.messages.getByText(/"hits": \[/).waitFor();
  await person.leave();
});

test("how an answer ended is said: at the limit with Continue, filtered, refused, empty, failed with Retry", async () => {
  const person = await stage().person();
  for (const [reason, words] of [["content_filter", "The rest was held back by a content filter"], ["refusal", "The model declined to answer"], ["length", "Cut at the limit for one answer"]] as const) {
    await person.say(scenario(say("This much. "), finish(reason)));
    await person.messages.getByText(words).waitFor();
  }
  await person.button("Continue").click();
  await person.own.getByText("Continue.", { exact: true }).waitFor();
  await person.answered();
  assert.equal(await person.button("Continue").count(), 0, "only the last answer can be gone on with");
  await person.say(scenario({ crash: "The model is broken." }));
  await person.messages.getByText(/^The answer failed: /).waitFor();
  await person.leave();
});

test("a message of 100 KB is folded, and the whole thread is printed, also what was not loaded", async () => {
  const person = await stage().person();
  await person.say(`begin ${"word ".repeat(20_000)}end`);
  await person.answered();
  assert.ok(((await person.own.first().boundingBox())?.height ?? Infinity) < 3000);
  for (let index = 0; index < 3; index++) {
    await person.say(scenario(say(paragraphs(30))));
    await person.answered();
  }
  await person.page.reload();
  await person.answered();
  await person.page.evaluate(() => { window.print = () => { document.title = "printing"; }; });
  await person.page.keyboard.press("Control+p");
  await person.page.waitForFunction(() => document.title === "printing");
  assert.equal(await person.own.count(), 4);
  await person.page.emulateMedia({ media: "print" });
  const pages = (await person.page.pdf({ format: "A4" })).toString("latin1").match(/\/Type\s*\/Page\b/g)?.length ?? 0;
  assert.ok(pages >= 4, `${pages} pages`);
  await person.leave();
});

test("the hit of a search is shown and marked, however far back it is", async () => {
  const person = await stage().person();
  await person.say(scenario(say("The needle is here.")));
  await person.answered();
  await person.page.waitForURL(/#\/t\//);
  for (let index = 0; index < 6; index++) {
    await person.say(scenario(say(paragraphs(30))));
    await person.answered();
  }
  const url = person.page.url();
  await person.page.goto("about:blank");
  await person.page.goto(`${url}/3`);
  const found = person.answers.filter({ hasText: "The needle is here." });
  await found.getByText("The needle is here.", { exact: true }).waitFor();
  await person.until("the hit is in sight", () => found.evaluate((turn) => {
    const { top, bottom } = turn.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight && document.activeElement === turn;
  }));
  await person.button(/^Latest/).click();
  await person.answers.last().getByText("Paragraph 30 of").waitFor();
  await person.leave();
});
