// A thread of 5,000 messages, whole or in pages, as a measurement asks for it through window.measured.
import "../../../src/kit/kit.css";
import "../gallery/gallery.css";
import type { Entry } from "@chatbackend/client";
import { render } from "preact";
import { Conversation } from "../../../src/conversation/conversation.js";
import { ended, message, run, text, thread } from "../gallery/build.js";
import { PlayedThread, playedChat } from "../gallery/played.js";

const EXCHANGES = 2500;
const PAGE = 100;
/** So many of them are scrolled back through. */
const BACK = 1000;

declare global {
  interface Window {
    readonly measured: typeof measured;
  }
}

const entries: Entry[] = [];
for (let index = 0; index < EXCHANGES; index++) {
  const question = message(`Question ${index}: ${"how does this go on, and what comes of it? ".repeat(1 + (index % 4))}`);
  const answer = `Answer **${index}**.\n\n${"It goes on for a while, in a sentence of some length. ".repeat(1 + (index % 7))}\n\n- one\n- two\n\n\`\`\`js\nconst n = ${index};\n\`\`\``;
  entries.push(question, run(question, [text(index % 5 === 0 ? `${answer}\n\n| a | b |\n|---|---|\n| 1 | 2 |` : answer)], { end: ended() }));
}

const frame = () => new Promise<number>((resolve) => { requestAnimationFrame(resolve); });
const box = () => document.querySelector<HTMLElement>(".scroller");
const app = () => document.getElementById("app") ?? document.body;

/** What is at the upper edge, and how it moves while the reader does nothing. */
function visible(): HTMLElement {
  const edge = box()?.getBoundingClientRect().top ?? 0;
  // Only what is near is asked for its place: asking lays out what is out of sight.
  const found = [...document.querySelectorAll<HTMLElement>(".entry")].find((element) => element.getBoundingClientRect().top > edge);
  if (found === undefined) {
    throw new Error("Nothing is to be seen.");
  }

  return found;
}

async function movedBy(work: () => Promise<void>): Promise<number> {
  const anchor = visible();
  const before = anchor.getBoundingClientRect().top;
  await work();
  for (let frames = 0; frames < 3; frames++) {
    await frame();
  }

  return Math.abs(anchor.getBoundingClientRect().top - before);
}

const measured = {
  /** Milliseconds until the end of the whole thread is painted. */
  async opens(): Promise<{ ms: number; below: number; last: string }> {
    const played = new PlayedThread(thread(entries));
    const begin = performance.now();
    render(<Conversation chat={playedChat({}, played)} thread={played} />, app());
    await frame();
    await new Promise((resolve) => { setTimeout(resolve); });
    const ms = performance.now() - begin;
    const element = box();
    return { ms, below: element === null ? NaN : element.scrollHeight - element.clientHeight - element.scrollTop, last: document.querySelector(".entry:last-child .content")?.textContent.slice(0, 12) ?? "" };
  },
  /** The largest jumps, in pixels, when pages are put in before, and when the reader scrolls. */
  async scrollsBack(): Promise<{ loading: number; scrolling: number; pages: number; inPage: number }> {
    let from = entries.length - PAGE;
    const played = new PlayedThread(thread(entries.slice(from), { hasEarlier: true }));
    let loading = 0;
    let pages = 0;
    const state: { isLoading: boolean } = { isLoading: false };
    played.earlier = async () => {
      state.isLoading = true;
      await frame();
      from = Math.max(entries.length - BACK, from - PAGE);
      pages++;
      loading = Math.max(loading, await movedBy(() => {
        played.play(thread(entries.slice(from), { hasEarlier: from > entries.length - BACK }));
        return Promise.resolve();
      }));
      state.isLoading = false;
    };
    render(null, app());
    render(<Conversation chat={playedChat({}, played)} thread={played} />, app());
    await frame();
    await frame();
    let scrolling = 0;
    for (let steps = 0; steps < 4000 && (from > entries.length - BACK || (box()?.scrollTop ?? 0) > 0); steps++) {
      // The reader waits meanwhile, so that what moves then was not moved by them.
      while (state.isLoading) {
        await frame();
      }

      const element = box();
      if (element !== null) {
        element.scrollTop -= 600;
      }

      await frame();
      scrolling = Math.max(scrolling, await movedBy(() => Promise.resolve()));
    }

    return { loading, scrolling, pages, inPage: document.querySelectorAll(".entry").length };
  },
};
Object.assign(window, { measured });
