import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { say, scenario, wait } from "../../conversation/live/scenario.js";
import { Place } from "./place.js";

let place: Place;

before(async () => { place = await Place.build(); });
after(() => place.close());

test("F3: the list tells the truth in every tab: begun elsewhere, answering, unread, ended, deleted", async () => {
  const person = await place.person();
  const other = await person.tab();
  await person.say(scenario(say("Bernina by train")));
  await person.answered();
  // In the other tab, which is on a new chat: it appears by itself, with its name, not yet read there.
  await other.page.getByRole("link", { name: /^Bernina by train/ }).waitFor();
  await person.say(scenario(say("On the way.\n\n"), wait(60_000), say("There.")));
  await other.page.getByRole("link", { name: "Bernina by train answering" }).waitFor();
  await person.button(/^Stop/).click();
  await other.page.getByRole("link", { name: /^Bernina by train( unread)?$/ }).waitFor();
  await other.page.getByRole("link", { name: /^Bernina by train/ }).focus();
  await other.page.keyboard.press("Delete");
  await other.button("Delete").click();
  await person.page.getByRole("link", { name: /^Bernina by train/ }).waitFor({ state: "detached" });
  await person.page.getByText("deleted").first().waitFor();
  assert.deepEqual(person.watched.complaints, []);
  await person.leave();
});

test("a hit of the search leads to its message", async () => {
  const person = await place.person();
  await person.say(scenario(say("The quokka lives on Rottnest Island.")));
  await person.answered();
  await person.page.keyboard.press("Control+Shift+O");
  await person.page.keyboard.press("Control+k");
  await person.page.getByRole("combobox").fill("quokka island");
  await person.page.getByRole("option", { name: /quokka/ }).first().locator("mark").first().waitFor();
  await person.page.keyboard.press("Enter");
  await person.page.getByRole("dialog").waitFor({ state: "detached" });
  await person.answers.getByText("Rottnest Island").waitFor();
  assert.match(new URL(person.page.url()).hash, /^#\/t\/thr_\w+\/\d+$/);
  await person.leave();
});

test("F5: who lost their session is asked, and is nobody new until they say so", async () => {
  const person = await place.person();
  await person.say(scenario(say("Mine alone")));
  await person.answered();
  await person.watched.context.clearCookies();
  await person.page.reload();
  const button = person.button("Go on as a new guest");
  await button.waitFor();
  assert.equal((await person.watched.context.cookies()).length, 0);
  await button.click();
  await button.waitFor({ state: "detached" });
  await person.page.getByText("Your chats will be listed here.").waitFor();
  assert.equal((await person.watched.context.cookies()).length, 1);
  // Nothing of who was here before is left on the device.
  assert.deepEqual(await copiesIn(person.page), [0, 0]);
  await person.leave();
});

test("F7: without a network a reload shows the page, the list and the last chats; back again they go on", async () => {
  const person = await place.person();
  for (const name of ["Alpha answer", "Beta answer"]) {
    await person.page.keyboard.press("Control+Shift+O");
    await person.choose("script");
    await person.say(scenario(say(name)));
    await person.answered();
    await person.page.getByRole("link", { name, exact: true }).waitFor();
  }
  await person.page.evaluate(() => navigator.serviceWorker.ready);
  while ((await copiesIn(person.page)).join() !== "2,2") {
    await person.page.evaluate(() => new Promise(requestAnimationFrame));
  }
  place.page.online = false;
  await person.watched.context.setOffline(true);
  await person.page.reload();
  await person.answers.getByText("Beta answer").waitFor();
  await person.page.getByText("You are offline.").first().waitFor();
  await person.page.getByRole("link", { name: "Alpha answer" }).click();
  await person.answers.getByText("Alpha answer").waitFor();
  await person.field.fill(scenario(say("Gamma answer")));
  await person.field.press("Enter");
  place.page.online = true;
  await person.watched.context.setOffline(false);
  await person.answers.getByText("Gamma answer").waitFor();
  await person.page.getByRole("region", { name: "Connection" }).waitFor({ state: "detached" });
  assert.equal(await person.answers.count(), 2);
  assert.deepEqual(person.watched.complaints, []);
  await person.leave();
});

/** How many threads can be read without a network, and how many the copied list names. */
function copiesIn(page: Page): Promise<readonly number[]> {
  return page.evaluate(() => new Promise<readonly number[]>((resolve) => {
    indexedDB.open("chat copies /").onsuccess = ({ target }) => {
      const database = (target as IDBOpenDBRequest).result;
      const transaction = database.transaction(["threads", "lists"]);
      const threads = transaction.objectStore("threads").count();
      const lists = transaction.objectStore("lists").getAll() as IDBRequest<{ readonly list: { readonly threads: readonly unknown[] } }[]>;
      transaction.oncomplete = () => {
        database.close();
        resolve([threads.result, lists.result.flatMap(({ list }) => list.threads).length]);
      };
    };
  }));
}
