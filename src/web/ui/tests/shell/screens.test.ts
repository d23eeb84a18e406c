import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { after, before, test } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { launch, looks, open } from "../page/browser.js";
import type { PageServer } from "../page/server.js";
import { servePage } from "../page/server.js";
import { violationsOf } from "../page/axe.js";
import { buildStates } from "./states/build.js";
import { states } from "./states/states.js";

const folder = "obj/screens";
let browser: Browser;
let server: PageServer;

before(async () => {
  server = await servePage(await buildStates("screens"));
  browser = await launch();
  await mkdir(folder, { recursive: true });
});

after(async () => {
  await browser.close();
  await server.close();
});

for (const { name: look, options } of looks) {
  for (const [name, show] of Object.entries(states)) {
    test(`${name}, ${look}: nothing to complain about, neither for axe nor for the browser`, () => inState(options, show, `${name}-${look.replace(", ", "-")}`));
  }
}

async function inState(options: BrowserContextOptions, show: (page: Page) => Promise<unknown>, name: string): Promise<void> {
  const { context, page, complaints } = await open(browser, server.url, { ...options, reducedMotion: "reduce" });
  try {
    await page.getByRole("main").waitFor();
    await show(page);
    await page.screenshot({ path: `${folder}/${name}.png` });
    assert.deepEqual(await violationsOf(page), []);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
}
