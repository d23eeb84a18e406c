import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { desktop } from "../page/browser.js";
import { States } from "./states/stage.js";

let states: States;
before(async () => { states = await States.set("connection"); });
after(() => states.close());

const asked = (page: Page) => page.evaluate(() => window.chat.asked);
const bar = (page: Page) => page.getByRole("region", { name: "Connection" });
const said = (page: Page) => page.getByRole("status").allTextContents();

test("all is well: the page says nothing of the connection", async () => {
  const { context, page } = await states.open();
  assert.equal(await bar(page).count(), 0);
  await context.close();
});

test("F8: without a network the page says so at once, and says when it is back", async () => {
  const { context, page } = await states.open();
  await page.evaluate(() => { window.chat.connection.change({ state: "offline" }); });
  await bar(page).getByText("You are offline.").waitFor();
  assert.match((await said(page)).join(), /You are offline/);
  await page.evaluate(() => { window.chat.connection.change({ state: "open" }); });
  await bar(page).waitFor({ state: "detached" });
  assert.match((await said(page)).join(), /Connected again/);
  await context.close();
});

test("cut off: it counts down to the next try, and Retry now does not wait for it", async () => {
  const { context, page } = await states.open();
  await page.evaluate(() => { window.chat.connection.change({ state: "waiting", retryAt: Date.now() + 60_000 }); });
  await bar(page).getByText(/Trying again in (60|5\d) seconds/).waitFor();
  await bar(page).getByRole("button", { name: "Retry now" }).press("Enter");
  assert.deepEqual(await asked(page), ["reconnect"]);
  await page.evaluate(() => { window.chat.connection.change({ state: "open" }); });
  await bar(page).waitFor({ state: "detached" });
  // F9: the button that had the focus is gone.
  assert.notEqual(await page.evaluate(() => document.activeElement?.tagName), "BODY");
  await context.close();
});

test("F5: a session that ended makes nobody new until the person wants that", async () => {
  const { context, page } = await states.open();
  await page.evaluate(() => { window.chat.connection.change({ state: "closed", sessionEnded: true }); });
  const button = bar(page).getByRole("button", { name: "Go on as a new guest" });
  await button.waitFor();
  assert.deepEqual(await asked(page), []);
  await page.evaluate(() => { window.chat.failure = new Error("This server takes no guests."); });
  await button.click();
  await bar(page).getByText("This server takes no guests.").waitFor();
  await button.click();
  assert.deepEqual(await asked(page), ["startSession", "startSession"]);
  await context.close();
});

test("somebody else is signed in: what was shown is put away", async () => {
  const { context, page } = await states.open(desktop, "#/t/thr_c");
  await page.getByRole("heading", { level: 1, name: "Why is the build slow?" }).waitFor();
  await page.evaluate(() => { window.chat.connection.change({ userId: "usr_2c" }); });
  await page.getByRole("heading", { level: 1, name: "New chat" }).waitFor();
  assert.equal(new URL(page.url()).hash, "#/");
  await context.close();
});
