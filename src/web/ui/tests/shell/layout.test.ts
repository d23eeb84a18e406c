import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { desktop, phone } from "../page/browser.js";
import { States } from "./states/stage.js";

let states: States;
before(async () => { states = await States.set("layout"); });
after(() => states.close());

const field = (page: Page) => page.getByRole("textbox", { name: "Message" });
/** Controls that stick out of the page sideways. */
const outside = (page: Page) => page.evaluate(() => [...document.querySelectorAll<HTMLElement>("main :is(button, textarea, input, a), #sidebar :is(button, input, a)")]
  .filter((element) => element.checkVisibility({ opacityProperty: true }))
  .filter((element) => {
    const { left, right } = element.getBoundingClientRect();
    return left < -0.5 || right > document.documentElement.clientWidth + 0.5;
  }).map((element) => element.ariaLabel ?? element.textContent));

for (const [name, width, height] of [["320 px", 320, 640], ["400 % zoom", 320, 200]] as const) {
  test(`F11: at ${name} nothing overflows, and there is room for the conversation`, async () => {
    const { context, page } = await states.open({ viewport: { width, height } }, "#/t/thr_c");
    await field(page).fill("a word ".repeat(30));
    assert.deepEqual(await outside(page), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
    const conversation = await page.getByRole("region", { name: "Conversation" }).boundingBox();
    assert.ok(conversation && conversation.height >= 300, JSON.stringify(conversation));
    await field(page).scrollIntoViewIfNeeded();
    await page.getByRole("button", { name: "Send" }).click({ trial: true });
    await context.close();
  });
}

test("F12: at 768 px the composer keeps away from the edges", async () => {
  const { context, page } = await states.open({ viewport: { width: 768, height: 1024 } }, "#/t/thr_c");
  const box = await field(page).boundingBox();
  const main = await page.getByRole("main").boundingBox();
  assert.ok(box && main && box.x - main.x >= 16 && main.x + main.width - box.x - box.width >= 16, JSON.stringify({ box, main }));
  await context.close();
});

test("F13: with reduced motion nothing moves, pseudo-elements neither", async () => {
  const { context, page } = await states.open({ ...desktop, reducedMotion: "reduce" });
  await page.getByRole("link", { name: /answering/ }).waitFor();
  const moving = await page.evaluate(() => [...document.querySelectorAll("*")].flatMap((element) => ["", "::before", "::after"].map((pseudo) => {
    const { animationName, animationDuration, animationIterationCount, transitionDuration } = getComputedStyle(element, pseudo || null);
    const isLong = (durations: string) => durations.split(", ").some((duration) => Number.parseFloat(duration) > 0.001);
    return (animationName !== "none" && (isLong(animationDuration) || animationIterationCount === "infinite")) || isLong(transitionDuration) ? `${element.tagName}.${element.getAttribute("class") ?? ""}${pseudo}` : "";
  })).filter((name) => name !== ""));
  assert.deepEqual(moving, []);
  await context.close();
});

test("F14: with forced colours the open chat and a chosen setting differ from the others", async () => {
  const { context, page } = await states.open({ ...desktop, forcedColors: "active" }, "#/t/thr_c");
  const ground = (name: RegExp) => page.getByRole("link", { name }).evaluate((link) => getComputedStyle(link).backgroundColor);
  // The system paints whatever has a ground of its own in this colour, so that a ground says nothing.
  const canvas = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  assert.notEqual(await ground(/Why is the build slow/), canvas);
  assert.notEqual(await ground(/Why is the build slow/), await ground(/Recipe for rösti/));
  await page.getByRole("button", { name: /account and settings/ }).click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  const segment = (name: string) => page.locator("label", { has: page.getByRole("radio", { name, exact: true }) }).evaluate((label) => getComputedStyle(label).backgroundColor);
  assert.notEqual(await segment("System"), canvas);
  assert.notEqual(await segment("System"), await segment("Dark"));
  await context.close();
});

test("44 px: on a touch screen every control of the list is large enough", async () => {
  const { context, page } = await states.open(phone);
  await page.getByRole("button", { name: "Open the list of chats" }).click();
  const small = await page.evaluate(() => [...document.querySelectorAll<HTMLElement>("#sidebar :is(button, a)")]
    .filter((element) => Math.min(element.offsetWidth, element.offsetHeight) < 44).map((element) => `${element.ariaLabel ?? element.textContent}: ${element.offsetWidth} × ${element.offsetHeight}`));
  assert.deepEqual(small, []);
  await context.close();
});

for (const [name, options] of [["desktop", desktop], ["phone", phone]] as const) {
  test(`right to left, ${name}: the page is mirrored and nothing overlaps or sticks out`, async () => {
    const { context, page } = await states.open(options, "#/t/thr_d");
    await page.evaluate(() => { document.documentElement.dir = "rtl"; });
    if (name === "phone") {
      await page.getByRole("button", { name: "Open the list of chats" }).click();
    }
    await page.getByRole("link", { name: "Recipe for rösti" }).waitFor();
    // The drawer slides in.
    await page.locator("#sidebar").evaluate((sidebar) => Promise.all(sidebar.getAnimations().map(({ finished }) => finished)));
    const sidebar = await page.locator("#sidebar").boundingBox();
    assert.ok(sidebar && Math.abs(sidebar.x + sidebar.width - options.viewport.width) < 1, JSON.stringify(sidebar));
    assert.deepEqual(await outside(page), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
    if (name === "desktop") {
      const main = await page.getByRole("main").boundingBox();
      assert.ok(main && main.x + main.width <= sidebar.x + 1, JSON.stringify({ main, sidebar }));
    }
    await page.screenshot({ path: `obj/screens/rtl-${name}.png` });
    await context.close();
  });
}

test("the skip link is the first stop and leads past the list", async () => {
  const { context, page } = await states.open();
  // From the top of the page, not from the field that has the focus.
  await page.evaluate(() => {
    document.body.tabIndex = -1;
    document.body.focus();
  });
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Skip to the conversation");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
  assert.equal(new URL(page.url()).hash, "");
  await context.close();
});

test("settings hold after a reload, and are there before the first paint", async () => {
  const { context, page } = await states.open();
  await page.getByRole("button", { name: /account and settings/ }).click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  await page.getByRole("radio", { name: "Dark" }).check();
  await page.getByRole("radio", { name: "Largest" }).check();
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor), "rgb(29, 28, 26)");
  // Without the module that draws the page, so that what is seen is what the first paint has.
  await page.route("**/assets/page.js", (route) => route.abort());
  await page.reload();
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor), "rgb(29, 28, 26)");
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).fontSize), "21px");
  await context.close();
});
