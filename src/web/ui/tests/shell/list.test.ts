import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { desktop, phone } from "../page/browser.js";
import { States } from "./states/stage.js";

let states: States;
before(async () => { states = await States.set("list"); });
after(() => states.close());

const focused = (page: Page) => page.evaluate(() => {
  const { activeElement: at } = document;
  return at === null || at === document.body ? "body" : at.getAttribute("aria-label") ?? at.textContent.trim();
});
const asked = (page: Page) => page.evaluate(() => window.chat.asked);

test("F4: a name that is being written survives what happens in the list meanwhile", async () => {
  const { context, page } = await states.open();
  await page.getByRole("link", { name: "Recipe for rösti" }).focus();
  await page.keyboard.press("F2");
  await page.keyboard.type("Rösti, the best");
  await page.evaluate(() => {
    const { threads } = window.chat.list.getSnapshot();
    const ended = threads.map((row) => row.threadId === "thr_a" ? { ...row, running: false } : row);
    // An answer ends, a chat begins elsewhere, and the renamed one itself moves to the top.
    const moved = ended.find((row) => row.threadId === "thr_g");
    window.chat.list.change({ threads: [window.row("thr_new", "Begun elsewhere", 0), ...moved ? [{ ...moved, updatedAt: new Date().toISOString() }] : [], ...ended.filter((row) => row !== moved)] });
  });
  await page.getByRole("link", { name: "Begun elsewhere" }).waitFor();
  const field = page.getByRole("textbox", { name: "New name of “Recipe for rösti”" });
  assert.equal(await field.inputValue(), "Rösti, the best");
  assert.equal(await focused(page), "New name of “Recipe for rösti”");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Recipe for rösti" }).waitFor();
  await page.waitForFunction(() => document.activeElement?.textContent.includes("Recipe for rösti"));
  assert.deepEqual(await asked(page), ["rename thr_g Rösti, the best"]);
  await context.close();
});

test("F9: Escape gives a name up and leaves the focus on the chat", async () => {
  const { context, page } = await states.open();
  await page.getByRole("link", { name: "Names for a cat" }).focus();
  await page.keyboard.press("F2");
  await page.keyboard.type("x");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.activeElement?.textContent.includes("Names for a cat"));
  assert.deepEqual(await asked(page), []);
  await context.close();
});

test("F10: the menu of the lowest chat opens wholly in sight, by keyboard too, and Escape leads back", async () => {
  const { context, page } = await states.open({ viewport: { width: 1280, height: 560 } });
  const name = "More for “Train from Chur to Tirano”";
  await page.getByRole("link", { name: "Train from Chur to Tirano" }).focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const box = await page.getByRole("menu").boundingBox();
  assert.ok(box && box.x >= 0 && box.y >= 0 && box.x + box.width <= 1280 && box.y + box.height <= 560, JSON.stringify(box));
  assert.equal(await focused(page), "Rename");
  await page.keyboard.press("End");
  assert.equal(await focused(page), "Delete");
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(page), "Rename");
  await page.keyboard.press("Escape");
  assert.equal(await focused(page), name);
  assert.equal(await page.getByRole("menu").count(), 0);
  await context.close();
});

test("F9: a chat that is deleted leaves the focus in the list, and the page says so", async () => {
  const { context, page } = await states.open();
  await page.getByRole("link", { name: "Names for a cat" }).focus();
  await page.keyboard.press("Delete");
  await page.getByRole("alertdialog").waitFor();
  assert.equal(await focused(page), "Keep");
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("alertdialog").waitFor({ state: "detached" });
  await page.evaluate(() => { window.chat.list.change({ threads: window.chat.list.getSnapshot().threads.filter(({ threadId }) => threadId !== "thr_h") }); });
  await page.getByRole("link", { name: "Names for a cat" }).waitFor({ state: "detached" });
  assert.notEqual(await focused(page), "body");
  await page.getByRole("status").getByText("“Names for a cat” was deleted.").waitFor();
  assert.deepEqual(await asked(page), ["delete thr_h"]);
  await context.close();
});

test("the list is one stop of Tab, and the arrow keys, Home and End move in it", async () => {
  const { context, page } = await states.open(desktop, "#/t/thr_c");
  assert.equal(await page.locator('.row-link[tabindex="0"]').count(), 1);
  await page.getByRole("link", { name: /Why is the build slow/ }).focus();
  await page.keyboard.press("ArrowDown");
  assert.match(await focused(page), /مرحبا/);
  await page.keyboard.press("End");
  assert.match(await focused(page), /Chur to Tirano/);
  await page.keyboard.press("ArrowDown");
  assert.match(await focused(page), /Chur to Tirano/);
  await page.keyboard.press("Home");
  assert.match(await focused(page), /Zürich/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "A week in Zürich in May" }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { level: 1, name: "Why is the build slow?" }).waitFor();
  await page.goForward();
  await page.getByRole("heading", { level: 1, name: "A week in Zürich in May" }).waitFor();
  await context.close();
});

test("F3: marks say what answers, what waits for approval and what is unread, and leave when it is over", async () => {
  const { context, page } = await states.open();
  await page.getByRole("link", { name: "A week in Zürich in May answering" }).waitFor();
  await page.getByRole("link", { name: /Send the invoice.* needs your approval/ }).waitFor();
  await page.getByRole("link", { name: "Why is the build slow? unread" }).waitFor();
  assert.match(await page.title(), /^\(2\) /);
  await page.evaluate(() => { window.chat.list.change({ threads: window.chat.list.getSnapshot().threads.map((row) => ({ ...row, running: false, needsApproval: false, unread: false })) }); });
  await page.getByRole("link", { name: "A week in Zürich in May", exact: true }).waitFor();
  await page.getByRole("link", { name: "Why is the build slow?", exact: true }).waitFor();
  await page.waitForFunction(() => !document.title.startsWith("("));
  await context.close();
});

test("F19: on a phone the list takes the focus, hides what it covers, and gives the focus back", async () => {
  const { context, page } = await states.open(phone);
  const opener = page.getByRole("button", { name: "Open the list of chats" });
  await opener.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Chats" }).waitFor();
  assert.ok(await page.evaluate(() => document.querySelector("#sidebar")?.contains(document.activeElement)));
  assert.ok(await page.evaluate(() => document.querySelector("main")?.inert));
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Chats" }).waitFor({ state: "detached" });
  assert.equal(await focused(page), "Open the list of chats");
  await opener.click();
  await page.getByRole("link", { name: "Recipe for rösti" }).click();
  await page.getByRole("dialog", { name: "Chats" }).waitFor({ state: "detached" });
  await page.getByRole("heading", { level: 1, name: "Recipe for rösti" }).waitFor();
  assert.notEqual(await focused(page), "body");
  await context.close();
});
