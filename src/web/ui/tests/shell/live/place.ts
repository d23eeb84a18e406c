import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { root } from "../../../bundling.mjs";
import { ChatServer } from "../../conversation/live/server.js";
import { Person } from "../../conversation/live/stage.js";
import { desktop, launch, open } from "../../page/browser.js";
import { type PageServer, servePage } from "../../page/server.js";

/** The page as it is delivered, before a real server, behind a network that can be cut. */
export class Place {
  private constructor(readonly backend: ChatServer, readonly page: PageServer, readonly browser: Browser) {}

  static async build(): Promise<Place> {
    await promisify(execFile)(process.execPath, [join(root, "build.mjs")]);
    const backend = await ChatServer.start();
    return new Place(backend, await servePage(join(root, "dist"), backend), await launch());
  }

  async person(options: BrowserContextOptions = desktop): Promise<Person> {
    const person = new Person(await open(this.browser, this.page.url, options), this.page.url);
    await person.choose("script");
    return person;
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.page.close();
    await this.backend.close();
  }
}
