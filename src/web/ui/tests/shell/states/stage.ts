import type { Browser, BrowserContextOptions } from "playwright-core";
import type { PageServer } from "../../page/server.js";
import type { Watched } from "../../page/browser.js";
import { launch, open } from "../../page/browser.js";
import { servePage } from "../../page/server.js";
import { buildStates } from "./build.js";

/** The page of the states, in a browser. */
export class States {
  private constructor(readonly server: PageServer, readonly browser: Browser) {}

  static async set(name: string): Promise<States> {
    return new States(await servePage(await buildStates(name)), await launch());
  }

  async open(options?: BrowserContextOptions, hash = ""): Promise<Watched> {
    const opened = await open(this.browser, this.server.url + hash, options);
    await opened.page.getByRole("main").waitFor();
    return opened;
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.close();
  }
}
