import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { violationsOf } from "../page/axe.js";
import { desktop, launch, open, phone } from "../page/browser.js";
import { type PageServer, servePage } from "../page/server.js";
import { corpus } from "./corpus.js";
import { buildPage } from "./page/build.js";

const folder = "obj/screens/content";
let browser: Browser;
let server: PageServer;

before(async () => {
  server = await servePage(await buildPage("gallery"));
  browser = await launch();
  await mkdir(folder, { recursive: true });
});

after(async () => {
  await browser.close();
  await server.close();
});

for (const [name, options] of Object.entries({ desktop, phone, forced: { ...desktop, forcedColors: "active" as const } })) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`the documents, ${name}, ${colorScheme}: axe finds nothing, and nothing is wider than the page`, async () => {
      const { context, page, complaints } = await open(browser, server.url, { ...options, colorScheme, reducedMotion: "reduce" });
      try {
        for (const [file, text] of Object.entries(corpus)) {
          await page.evaluate(async (all) => {
            window.content.clear();
            await window.content.show(all, true);
            await window.content.idle();
          }, text);
          await page.locator("math").first().waitFor();
          await page.screenshot({ path: `${folder}/${file}-${name}-${colorScheme}.png`, fullPage: true });
          assert.deepEqual((await violationsOf(page)).filter((violation) => !/^(page-has-heading-one|region|heading-order)/.test(violation)), []);
          assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
        }
        assert.deepEqual(complaints, []);
      } finally {
        await context.close();
      }
    });
  }
}
