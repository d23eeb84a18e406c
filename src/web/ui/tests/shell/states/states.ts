import type { Page } from "playwright-core";

const showList = async (page: Page) => {
  const opener = page.getByRole("button", { name: "Open the list of chats" });
  if (await opener.isVisible()) {
    await opener.click();
  }
};

/** Every state of the shell, each as a person or the network would bring it about. */
export const states: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  list: async (page) => {
    await page.evaluate(() => { location.hash = "#/t/thr_c"; });
    await showList(page);
    await page.getByRole("link", { name: "Names for a cat" }).waitFor();
  },
  loading: async (page) => {
    await page.evaluate(() => { window.chat.list.change({ state: "loading", threads: [] }); });
    await showList(page);
    await page.getByRole("img", { name: "Loading chats" }).waitFor();
  },
  empty: async (page) => {
    await page.evaluate(() => { window.chat.list.change({ threads: [] }); });
    await showList(page);
    await page.getByText("Your chats will be listed here.").waitFor();
  },
  archived: async (page) => {
    await showList(page);
    await page.getByRole("button", { name: "Archived chats" }).click();
    await page.getByRole("link", { name: "Old plans" }).waitFor();
  },
  menu: async (page) => {
    await showList(page);
    await page.getByRole("link", { name: "Train from Chur to Tirano" }).hover();
    await page.getByRole("button", { name: "More for “Train from Chur to Tirano”" }).click();
    await page.getByRole("menu").waitFor();
  },
  rename: async (page) => {
    await showList(page);
    await page.getByRole("link", { name: "Recipe for rösti" }).focus();
    await page.keyboard.press("F2");
    await page.getByRole("textbox", { name: "New name of “Recipe for rösti”" }).waitFor();
  },
  delete: async (page) => {
    await showList(page);
    await page.getByRole("link", { name: "Recipe for rösti" }).focus();
    await page.keyboard.press("Delete");
    await page.getByRole("alertdialog").waitFor();
  },
  account: async (page) => {
    await showList(page);
    await page.getByRole("button", { name: /account and settings/ }).click();
    await page.getByRole("menu").waitFor();
  },
  guest: async (page) => {
    await showList(page);
    await page.getByRole("button", { name: /account and settings/ }).click();
    await page.getByRole("menuitem", { name: "What it means to be a guest" }).click();
    await page.getByRole("dialog", { name: "You are a guest" }).waitFor();
  },
  settings: async (page) => {
    await showList(page);
    await page.getByRole("button", { name: /account and settings/ }).click();
    await page.getByRole("menuitem", { name: "Settings" }).click();
    await page.getByRole("dialog", { name: "Settings" }).waitFor();
  },
  help: async (page) => {
    await page.keyboard.press("Control+/");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  },
  recent: async (page) => {
    await page.keyboard.press("Control+k");
    await page.getByRole("option", { name: /Names for a cat/ }).waitFor();
  },
  hits: async (page) => {
    await page.evaluate(() => {
      const hit = { threadId: "thr_a", title: "A week in Zürich in May", seq: 6, at: "2026-11-23T09:30:02.000Z", excerpt: "…it is 10:30 in Zürich, and the lake is calm", highlights: [{ start: 16, length: 6 }, { start: 32, length: 4 }] };
      window.chat.page = { hits: [hit, { ...hit, threadId: "thr_j", title: "Train from Chur to Tirano", seq: 2, excerpt: "From Zürich by Chur to Tirano, over the Bernina; the lake of Poschiavo is on the left.", highlights: [{ start: 5, length: 6 }, { start: 53, length: 4 }] }], nextCursor: "c1" };
    });
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("zurich lake");
    await page.getByRole("dialog").getByRole("status").getByText("2 results, and more").waitFor();
  },
  nothing: async (page) => {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("xylophone");
    await page.getByText("Nothing found for “xylophone”").waitFor();
  },
  offline: async (page) => {
    await page.evaluate(() => { window.chat.connection.change({ state: "offline" }); });
    await page.getByText("You are offline").first().waitFor();
  },
  waiting: async (page) => {
    await page.evaluate(() => { window.chat.connection.change({ state: "waiting", retryAt: Date.now() + 8_000 }); });
    await page.getByRole("button", { name: "Retry now" }).waitFor();
  },
  closed: async (page) => {
    await page.evaluate(() => { window.chat.connection.change({ state: "closed", reason: { code: 4403, text: "This page is not allowed to connect." } }); });
    await page.getByRole("button", { name: "Reload" }).waitFor();
  },
  ended: async (page) => {
    await page.evaluate(() => { window.chat.connection.change({ state: "closed", sessionEnded: true }); });
    await page.getByRole("button", { name: "Go on as a new guest" }).waitFor();
  },
  notice: async (page) => {
    await page.evaluate(() => { location.hash = "#/t/thr_g"; });
    await page.getByRole("button", { name: "More for “Recipe for rösti”" }).last().click();
    await page.getByRole("menuitem", { name: "Archive" }).click();
    await page.getByRole("button", { name: "Undo" }).waitFor();
  },
};
