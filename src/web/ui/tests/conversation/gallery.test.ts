import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { violationsOf } from "../page/axe.js";
import { launch, type Look, looks, open, phone } from "../page/browser.js";
import { type PageServer, servePage } from "../page/server.js";
import { buildPage } from "./build.js";
import { STATES } from "./gallery/states.js";

const folder = "obj/gallery";
let browser: Browser;
let server: PageServer;

before(async () => {
  server = await servePage(await buildPage("gallery", "tests/conversation/gallery/gallery.tsx"));
  browser = await launch();
  await mkdir(folder, { recursive: true });
});
after(async () => {
  await browser.close();
  await server.close();
});

for (const { name: look, options } of looks) {
  for (const name of Object.keys(STATES)) {
    test(`${name}, ${look}: a picture, and nothing that axe or the browser complains about`, () => shows(name, options, `${name}-${look.replace(", ", "-")}`));
  }
}

test("at 320 px nothing is wider than the page, in any state", async () => {
  for (const name of Object.keys(STATES)) {
    const { context, page } = await open(browser, `${server.url}?state=${name}`, { viewport: { width: 320, height: 568 } });
    await page.getByRole("region", { name: "Conversation" }).waitFor();
    const wide = await page.evaluate(() => [...document.querySelectorAll("*")].filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && element.closest("pre, table, .scrolls, .unseen, .math") === null).map((element) => element.outerHTML.slice(0, 120)));
    assert.deepEqual(wide, [], name);
    await context.close();
  }
});

test("with a finger every control is at least 44 px, in any state", async () => {
  for (const name of Object.keys(STATES)) {
    const { context, page } = await open(browser, `${server.url}?state=${name}`, phone);
    await page.getByRole("region", { name: "Conversation" }).waitFor();
    const small = await page.evaluate(() => [...document.querySelectorAll(".conversation button, .conversation input")].filter((element) => {
      const { width, height } = element.getBoundingClientRect();
      return width > 0 && (width < 43.5 || height < 43.5);
    }).map((element) => `${element.outerHTML.slice(0, 120)}: ${element.getBoundingClientRect().width}×${element.getBoundingClientRect().height}`));
    assert.deepEqual(small, [], name);
    await context.close();
  }
});

async function shows(name: string, options: Look["options"], picture: string): Promise<void> {
  const { context, page, complaints } = await open(browser, `${server.url}?state=${name}&theme=${options.colorScheme}`, { ...options, reducedMotion: "reduce" });
  try {
    await page.getByRole("region", { name: "Conversation" }).waitFor();
    for (const name of await page.evaluate(() => (window as unknown as { press: readonly string[] }).press)) {
      await page.getByRole("button", { name }).last().click();
    }
    await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => { requestAnimationFrame(resolve); }); }));
    await page.screenshot({ path: `${folder}/${picture}.png` });
    assert.deepEqual(await violationsOf(page), []);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
}
