import assert from "node:assert/strict";
import { test } from "node:test";
import { type Chat, createChat } from "@chatbackend/client";
import { ChatProvider, useChat, useThread } from "@chatbackend/react";
import { renderToString } from "react-dom/server";
import { Shell } from "./page/shell.js";
import { bundled, launch, Served } from "./page/served.js";

/** A chat whose server never answers. */
const silent = (): Chat =>
  createChat({ url: "http://chat.test/", storage: "memory", WebSocket: Object as unknown as typeof WebSocket, fetch: () => new Promise<Response>(() => undefined) });

test("a server renders the fallback, with a chat or without", async () => {
  const markup = '<main><h1>Support</h1><p role="status">One moment</p></main>';
  const chat = silent();
  assert.equal(renderToString(<Shell chat={undefined} />), markup);
  assert.equal(renderToString(<Shell chat={chat} />), markup);
  await chat.close();
});

test("a browser takes the rendered page over without a word, and then shows the chat", async () => {
  const [browser, script] = await Promise.all([launch(), bundled()]);
  const served = await Served.open(browser, script, "", renderToString(<Shell chat={undefined} />));
  await served.text("open").waitFor();
  assert.equal(await served.page.getByRole("heading").count(), 1);
  assert.equal(await served.text("One moment").count(), 0);
  assert.deepEqual(served.complaints, []);
  await browser.close();
});

test("a hook without a provider says what is missing", () => {
  const Lost = () => useThread("thr_1")[0].state;
  const Alone = () => useChat().thread.name;
  for (const element of [<Lost key={1} />, <Alone key={2} />]) {
    assert.throws(() => renderToString(element), /need a <ChatProvider> with a chat above them/);
  }
  assert.equal(renderToString(<ChatProvider chat={undefined}><Lost /></ChatProvider>), "");
});
