import assert from "node:assert/strict";
import { test } from "node:test";
import { desktop, phone } from "../../page/browser.js";
import { paragraphs, say, scenario } from "./scenario.js";
import { type Person, staged } from "./stage.js";

const stage = staged();

for (const [device, viewport] of [["desktop", desktop], ["phone", { viewport: phone.viewport }]] as const) {
  test(`an answer is followed to its end after Enter, on a ${device}`, async () => {
    const person = await stage().person(viewport);
    for (let round = 0; round < 3; round++) {
      await person.say(scenario(say(paragraphs(18), 120, 5)));
      await person.answered();
      await person.messages.getByText("Paragraph 18 of").last().waitFor();
      await person.settled();
      assert.ok(await person.below() < 2, `the end is ${await person.below()} px out of sight in round ${round}`);
    }
    await person.leave();
  });
}

test("a reader who scrolls up by wheel, keys or scrollbar stays where they are, and Latest brings them back", async () => {
  const person = await stage().person();
  const ways: Record<string, () => Promise<unknown>> = {
    wheel: async () => {
      await person.messages.hover();
      await person.page.mouse.wheel(0, -200);
    },
    keys: async () => {
      await person.messages.focus();
      await person.page.keyboard.press("PageUp");
    },
    scrollbar: () => person.messages.evaluate((box) => { box.scrollTop -= 150; }),
    selection: () => person.messages.evaluate((box) => { document.getSelection()?.selectAllChildren(box.querySelector("article:last-of-type p") ?? box); }),
  };
  for (const [way, scrollUp] of Object.entries(ways)) {
    await person.say(scenario(say(paragraphs(40), 400, 10)));
    await person.answers.last().getByText("Paragraph 12 of").waitFor();
    await scrollUp();
    await person.button(/^Latest/).waitFor();
    const mark = person.answers.last().getByText("Paragraph 8 of");
    await person.settled();
    const before = await topOf(person, "Paragraph 8 of");
    await person.answers.last().getByText("Paragraph 30 of").waitFor();
    assert.equal(Math.round(await topOf(person, "Paragraph 8 of") - before), 0, `${way}: what is read has moved`);
    await person.button(/^Latest/).click();
    await person.answered();
    await person.settled();
    assert.ok(await person.below() < 2, `${way}: Latest did not follow again`);
    assert.ok(await mark.count() > 0);
  }
  await person.leave();
});

async function topOf(person: Person, text: string): Promise<number> {
  return (await person.answers.last().getByText(text).boundingBox())?.y ?? NaN;
}
