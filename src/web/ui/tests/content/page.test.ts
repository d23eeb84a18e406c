import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { launch, open } from "../page/browser.js";
import { type PageServer, servePage } from "../page/server.js";
import { wrongWith } from "./allowed.js";
import { corpus } from "./corpus.js";
import { cut, random } from "./cuts.js";
import { hostile } from "./hostile.js";
import { buildPage } from "./page/build.js";

let browser: Browser;
let server: PageServer;

before(async () => {
  server = await servePage(await buildPage("tests"));
  browser = await launch();
});

after(async () => {
  await browser.close();
  await server.close();
});

/** Loads what comes with the first formula and the first code block, and waits until both are shown. */
async function warmUp(page: Page): Promise<void> {
  await page.evaluate(() => window.content.show("$x$\n```js\nconst a = 1;\n```\n", true));
  await page.locator("math").waitFor();
  await page.locator(".code-keyword").waitFor();
}

async function inPage(check: (page: Page) => Promise<void>): Promise<void> {
  const { context, page, complaints } = await open(browser, server.url);
  const origin = new URL(server.url).origin;
  const asked: string[] = [];
  page.on("request", (request) => { if (new URL(request.url()).origin !== origin) asked.push(request.url()); });
  page.on("dialog", (dialog) => { asked.push(`dialog ${dialog.message()}`); void dialog.dismiss(); });
  context.on("page", (opened) => { asked.push(`page ${opened.url()}`); });
  try {
    await check(page);
    assert.deepEqual(asked, []);
    assert.deepEqual(complaints, []);
    assert.deepEqual(await page.evaluate(() => window.content.violations), []);
    assert.equal(new URL(page.url()).origin, origin);
  } finally {
    await context.close();
  }
}

for (const [name, text] of Object.entries(corpus)) {
  test(`${name} in pieces ends as at once, and what is complete keeps its elements`, () => inPage(async (page) => {
    await warmUp(page);
    const whole = await page.evaluate(async (all) => {
      window.content.clear();
      await window.content.show(all, true);
      await window.content.idle();
      return window.content.html();
    }, text);
    for (let seed = 1; seed <= 6; seed++) {
      const next = random(seed);
      const deltas = cut(text, seed * 8, next);
      const { html, lost } = await page.evaluate(async (pieces) => {
        window.content.clear();
        let all = "";
        const lost: string[] = [];
        let before: Element[] = [];
        for (const piece of pieces) {
          all += piece;
          await window.content.show(all, false);
          lost.push(...before.filter((element) => !element.isConnected).map((element) => element.outerHTML));
          // All but the last block of the text, where something may still grow or begin.
          before = [...document.querySelectorAll(".content > *:not(:nth-last-child(-n + 2)), .content > *:not(:nth-last-child(-n + 2)) :not(code *)")];
        }
        await window.content.show(all, true);
        await window.content.idle();
        return { html: window.content.html(), lost };
      }, deltas);
      assert.equal(html, whole, `seed ${seed}`);
      assert.deepEqual(lost, [], `seed ${seed}`);
    }
  }));
}

test("a text that does not go on from the last one starts anew", () => inPage(async (page) => {
  const html = await page.evaluate(async () => {
    await window.content.show("one **two", false);
    await window.content.show("three", false);
    await window.content.show("three\n\nfour", true);
    return window.content.html();
  });
  assert.equal(html, "<div class=\"content\"><p dir=\"auto\"><span>three</span></p><p dir=\"auto\"><span>four</span></p></div>");
}));

test(`${hostile.length} hostile texts run nothing, ask nobody and escape nowhere`, () => inPage(async (page) => {
  const origin = new URL(server.url).origin;
  await warmUp(page);
  const found = await page.evaluate(async (texts) => {
    const kinds: Record<string, string> = {};
    const gather = (text: string) => {
      for (const element of document.querySelectorAll("main *")) {
        const attributes = Object.fromEntries([...element.attributes].map(({ name, value }) => [name, name === "href" ? (element as HTMLAnchorElement).getAttribute("href") ?? "" : value]));
        kinds[JSON.stringify([element.localName, attributes])] ??= text;
      }
    };
    for (const text of texts) {
      window.content.clear();
      await window.content.show(text, false);
      gather(text);
      await window.content.show(text, true);
      if (text.startsWith("```")) await window.content.idle();
      gather(text);
      window.content.clear();
      await window.content.showPlain(text);
      gather(text);
    }
    return kinds;
  }, hostile);
  for (const [kind, text] of Object.entries(found)) {
    const [name, attributes] = JSON.parse(kind) as [string, Record<string, string>];
    assert.equal(wrongWith(name, attributes, origin), undefined, text.slice(0, 300));
  }
}));

test("the page itself is as it was after all of them", () => inPage(async (page) => {
  const before = await page.evaluate(() => Object.keys(window).join());
  const state = await page.evaluate(async (texts) => {
    for (const text of texts) {
      window.content.clear();
      await window.content.show(text, true);
    }
    return { keys: Object.keys(window).join(), app: document.getElementById("app")?.localName, overflow: document.documentElement.scrollWidth <= innerWidth, body: getComputedStyle(document.body).display };
  }, hostile);
  assert.deepEqual(state, { keys: before, app: "main", overflow: true, body: "block" });
}));

test("code is copied as it was written, and that is said", () => inPage(async (page) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.evaluate(() => window.content.show("```js\nconst a = \"\u202e\";\n\n  b();\n```\n", true));
  await page.getByRole("button", { name: "Copy js code" }).click();
  await page.getByRole("status").getByText("Code copied").waitFor({ state: "attached" });
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "const a = \"\u202e\";\n\n  b();");
}));

test("a long text that is done is folded, and one that was seen being written is not", () => inPage(async (page) => {
  const long = "Some words in a line of a text.\n\n".repeat(4_000);
  await page.evaluate((text) => window.content.show(text, true), long);
  assert.ok((await page.locator(".content p").count()) < 1_000);
  await page.getByRole("button", { name: "Show more" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".content p").length === 4_000);
  await page.evaluate(async (text) => {
    window.content.clear();
    await window.content.show(text, false);
    await window.content.show(text, true);
  }, long);
  assert.equal(await page.locator(".content p").count(), 4_000);
  await page.evaluate(async (text) => {
    window.content.clear();
    await window.content.showPlain(text);
  }, long);
  assert.ok(((await page.locator(".content-plain").textContent()) ?? "").length < 3_000);
  await page.getByRole("button", { name: "Show more" }).click();
  assert.ok(((await page.locator(".content-plain").textContent()) ?? "").length > long.length);
}));

test("formulas and code are set in MathML and colours, money is not", () => inPage(async (page) => {
  await page.evaluate(() => window.content.show("It costs $5 and $10, so $x_1 = \\frac{1}{2}$.\n\n$$\n\\sum_i x_i\n$$\n\n```js\nconst a = 1;\n```\n", true));
  await page.locator("math").nth(1).waitFor();
  await page.locator(".code-keyword").waitFor();
  assert.equal(await page.locator("math").count(), 2);
  assert.equal(await page.locator("math").first().evaluate((element) => element.namespaceURI), "http://www.w3.org/1998/Math/MathML");
  assert.match((await page.locator("p").first().textContent()) ?? "", /It costs \$5 and \$10, so/);
}));
