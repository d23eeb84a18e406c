import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { chromium } from "playwright-core";

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: ["--disable-gpu", "--no-sandbox", "--force-color-profile=srgb"] });
}

export const desktop = { viewport: { width: 1280, height: 800 } } as const;
export const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 } as const;

export interface Look {
  readonly name: string;
  readonly options: BrowserContextOptions & { readonly colorScheme: "light" | "dark" };
}

/** What pictures are taken of: the two looks that differ in everything; with `CHAT_PICTURES=all` the other two as well. */
export const looks: readonly Look[] = [
  { name: "desktop, light", options: { ...desktop, colorScheme: "light" } },
  { name: "phone, dark", options: { ...phone, colorScheme: "dark" } },
  ...process.env["CHAT_PICTURES"] === "all"
    ? [{ name: "desktop, dark", options: { ...desktop, colorScheme: "dark" } }, { name: "phone, light", options: { ...phone, colorScheme: "light" } }] as const
    : [],
];

export interface Watched {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the browser complained about: errors, refusals of the content security policy. Empty in a test that is well. */
  readonly complaints: string[];
}

/** A page of a browser of its own, whose complaints are gathered. */
export async function open(browser: Browser, url: string, options: BrowserContextOptions = desktop): Promise<Watched> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => { complaints.push(String(error)); });
  page.on("console", (message) => {
    // A connection that a test cuts is reported by the browser itself.
    if (message.type() === "error" && !/net::ERR_|WebSocket connection|Failed to load resource/.test(message.text())) {
      complaints.push(message.text());
    }
  });
  await page.goto(url);
  return { context, page, complaints };
}
