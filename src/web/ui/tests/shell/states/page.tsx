// The page on a chat of plain snapshots, which the tests set from outside through window.chat.
import "../../../src/kit/kit.css";
import "../../../src/shell/shell.css";
import { render } from "preact";
import { keepFocus } from "../../../src/kit/focus.js";
import { showTooltips } from "../../../src/kit/tooltip.js";
import { App } from "../../../src/shell/app.js";
import { FakeChat, row } from "./fakeChat.js";

declare global {
  interface Window {
    chat: FakeChat;
    row: typeof row;
  }
}

const chat = new FakeChat();
chat.list.change({
  threads: [
    row("thr_a", "A week in Zürich in May", 0, { running: true }),
    row("thr_b", "Send the invoice to Lindt & Sprüngli, and a copy to accounting", 0, { needsApproval: true }),
    row("thr_c", "Why is the build slow?", 0.2, { unread: true }),
    row("thr_d", "مرحبا، كيف أصل إلى المحطة؟", 1),
    row("thr_e", undefined, 1),
    row("thr_f", "Regular expressions for dates", 3),
    row("thr_g", "Recipe for rösti", 5),
    row("thr_h", "Names for a cat", 12),
    row("thr_i", "Tax return 2025, open questions", 40),
    row("thr_j", "Train from Chur to Tirano", 75),
  ],
  archived: [row("thr_k", "Old plans", 200, { archived: true })],
});
window.chat = chat;
window.row = row;

const root = document.getElementById("app");
if (root) {
  keepFocus();
  showTooltips();
  render(<App chat={chat} />, root);
}
