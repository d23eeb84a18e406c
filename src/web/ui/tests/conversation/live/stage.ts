import assert from "node:assert/strict";
import { after, before } from "node:test";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { desktop, launch, open, type Watched } from "../../page/browser.js";
import { type PageServer, servePage } from "../../page/server.js";
import { buildPage } from "../build.js";
import { ChatServer } from "./server.js";

/** A server, the page before it with a network that can be cut, and a browser. */
export class Stage {
  private constructor(
    readonly backend: ChatServer,
    readonly page: PageServer,
    readonly browser: Browser,
  ) {}

  static async set(): Promise<Stage> {
    const [backend, folder] = await Promise.all([ChatServer.start(), buildPage(`live-${process.pid}`, "src/main.tsx")]);
    return new Stage(backend, await servePage(folder, backend), await launch());
  }

  /** Somebody new, on a device of their own, with the script agent as the one that answers. */
  async person(options: BrowserContextOptions = desktop): Promise<Person> {
    const watched = await open(this.browser, this.page.url, options);
    const person = new Person(watched, this.page.url);
    await person.choose("script");
    return person;
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.page.close();
    await this.backend.close();
  }
}

/** Sets a stage for the tests of a file, and takes it down. */
export function staged(): () => Stage {
  let stage: Stage | undefined;
  before(async () => { stage = await Stage.set(); });
  after(() => stage?.close());
  return () => {
    assert.ok(stage);
    return stage;
  };
}

/** What somebody does with the page, by the names that they see. */
export class Person {
  readonly page: Page;

  constructor(
    readonly watched: Watched,
    private readonly url: string,
  ) {
    this.page = watched.page;
  }

  get field(): Locator {
    return this.page.getByRole("textbox", { name: "Message", exact: true });
  }

  get messages(): Locator {
    return this.page.getByRole("region", { name: "Messages" });
  }

  get answers(): Locator {
    return this.page.getByRole("article", { name: /script (answered|is answering)/ });
  }

  get own(): Locator {
    return this.page.getByRole("article", { name: "You said" });
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole("button", typeof name === "string" ? { name, exact: true } : { name });
  }

  async choose(agent: string): Promise<void> {
    await this.page.getByRole("button", { name: /^Agent: / }).click();
    await this.page.getByRole("menuitemradio", { name: agent }).click();
  }

  /** Types nothing, as a paste does, and presses Enter. */
  async say(content: string): Promise<void> {
    await this.field.fill(content);
    await this.field.press("Enter");
  }

  /** Until no answer is being written. */
  async answered(): Promise<void> {
    await this.page.getByRole("article", { name: "script answered" }).last().waitFor();
    await this.button("Send").waitFor();
  }

  /** The same person in another tab. */
  async tab(): Promise<Person> {
    const page = await this.watched.context.newPage();
    await page.goto(this.page.url());
    return new Person({ ...this.watched, page }, this.url);
  }

  /** How far the end of the transcript is below the edge of its box, in pixels. */
  below(): Promise<number> {
    return this.messages.evaluate((box) => box.scrollHeight - box.clientHeight - box.scrollTop);
  }

  /** Two frames: what was to be laid out is. */
  async settled(): Promise<void> {
    await this.page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => { requestAnimationFrame(resolve); }); }));
  }

  /** What a screen reader was told. */
  said(): Promise<readonly string[]> {
    return this.page.evaluate(() => [...document.querySelectorAll("[role=status] p, [role=alert] p")].map((line) => line.textContent));
  }

  /** Waits until something is true of the page. */
  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 30_000;
    while (!await holds()) {
      assert.ok(Date.now() < deadline, `it never came to this: ${what}`);
      await this.settled();
    }
  }

  /** What has the focus, as it is called. */
  focus(): Promise<string> {
    return this.page.evaluate(() => {
      const { activeElement: at } = document;
      return at === null || at === document.body ? "body" : at.getAttribute("aria-label") ?? at.textContent.trim().slice(0, 80);
    });
  }

  async leave(): Promise<void> {
    await this.watched.context.close();
  }
}
