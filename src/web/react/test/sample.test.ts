import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { options, program, RealServer } from "./page/real.js";
import { launch } from "./page/served.js";

declare const WEB_FOLDER: string;

let server: RealServer;
let sample: Awaited<ReturnType<typeof program>>;
let browser: Browser;
let address: string;

before(async () => {
  if (!options.skip) {
    [server, browser] = await Promise.all([RealServer.start(), launch()]);
    sample = await program(join(WEB_FOLDER, "../../samples/React/serve.mjs"), server.url, "0");
    address = /http:\/\/localhost:\d+/.exec(sample.line)?.[0] ?? "";
  }
});
after(async () => {
  if (!options.skip) {
    await browser.close();
    await sample.close();
    await server.close();
  }
});

/** Somebody new in front of the page, which may complain of nothing. */
async function visit(play: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  // The client asks who it is before there is a guest: 401 is the answer.
  page.on("console", (message) => { if (message.type() === "error" && !message.text().includes("401")) { complaints.push(message.text()); } });
  await page.goto(address);
  await play(page);
  assert.deepEqual(complaints, []);
  await context.close();
}

async function say(page: Page, ...steps: readonly object[]): Promise<void> {
  await page.getByRole("textbox", { name: "Message" }).fill(JSON.stringify({ steps }));
  await page.keyboard.press("Enter");
}

const text = (page: Page, words: string) => page.getByRole("article").getByText(words, { exact: true });
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const chats = (page: Page) => page.getByRole("navigation", { name: "Chats" }).getByRole("listitem");

test("a new chat is answered, gets its address and its place in the list, and a reload shows it again", options, () =>
  visit(async (page) => {
    await say(page, { think: "Well." }, { say: "Good morning." });
    await text(page, "Good morning.").waitFor();
    await page.waitForURL(/#thr_/);
    await chats(page).waitFor();
    await page.reload();
    await text(page, "Good morning.").waitFor();
    await page.getByText("Thought", { exact: true }).waitFor();
    assert.equal(await chats(page).getByRole("link").getAttribute("aria-current"), "page");
    await page.getByRole("link", { name: "New chat", exact: true }).click();
    await page.getByRole("article").waitFor({ state: "detached" });
    await say(page, { say: "Something else." });
    await text(page, "Something else.").waitFor();
    await chats(page).nth(1).waitFor();
    assert.equal(await text(page, "Good morning.").count(), 0);
    await chats(page).last().click();
    await text(page, "Good morning.").waitFor();
    assert.equal(await text(page, "Something else.").count(), 0);
  }));

test("an answer goes on over a reload, and ends when it is stopped", options, () =>
  visit(async (page) => {
    await say(page, { say: "It begins. " }, { wait_ms: 60_000 }, { say: "It ends." });
    await text(page, "It begins.").waitFor();
    await page.waitForURL(/#thr_/);
    await page.reload();
    await text(page, "It begins.").waitFor();
    await chats(page).getByText("answering").waitFor();
    await button(page, "Stop").click();
    await text(page, "Stopped").waitFor();
    await button(page, "Send").waitFor();
    await chats(page).getByText("answering").waitFor({ state: "detached" });
  }));

test("a call of a tool waits for a person, and goes on as they say", options, () =>
  visit(async (page) => {
    await say(page, { tool: "refund", arguments: { amount: 120 }, approval: true }, { tool: "close", approval: true }, { say: "That is all." });
    const refund = page.getByRole("region", { name: "refund" });
    await refund.getByText("awaiting approval").waitFor();
    await chats(page).getByText("needs you").waitFor();
    await button(page, "Approve").click();
    await refund.getByText("succeeded").waitFor();
    await page.getByRole("region", { name: "close" }).getByText("awaiting approval").waitFor();
    await button(page, "Reject").click();
    await page.getByRole("region", { name: "close" }).getByText("close: rejected", { exact: true }).waitFor();
    await text(page, "That is all.").waitFor();
  }));
