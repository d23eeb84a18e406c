import { render } from "preact";
import { Markdown } from "../../../src/content/markdown.js";

const DELTAS = 20_000;

const WORDS = "the quick brown fox jumps over a lazy dog while some other words follow, and then more of them stand here".split(" ");
const word = (index: number) => WORDS[index % WORDS.length] ?? "";

/** One delta of a text that is one long construct. */
export const constructs: Readonly<Record<string, (index: number) => string>> = {
  paragraph: (index) => `${word(index)} `,
  "paragraph with emphasis": (index) => (index % 9 === 3 ? `**${word(index)}` : index % 9 === 5 ? `${word(index)}** ` : index % 9 === 7 ? `\`${word(index)}\` ` : `${word(index)} `),
  "paragraph of short lines": (index) => (index % 8 === 7 ? `${word(index)}\n` : `${word(index)} `),
  list: (index) => (index % 5 === 0 ? `${index === 0 ? "" : "\n"}- ${word(index)} ` : `${word(index)} `),
  "numbered list": (index) => (index % 5 === 0 ? `${index === 0 ? "" : "\n"}${Math.floor(index / 5) + 1}. ${word(index)} ` : `${word(index)} `),
  "nested list": (index) => (index % 5 === 0 ? `${index === 0 ? "" : "\n"}${"  ".repeat(index === 0 ? 0 : Math.floor(index / 5) % 3)}- ${word(index)} ` : `${word(index)} `),
  table: (index) => (index === 0 ? "| a | b | c |\n|---|--:|---|\n" : "") + ([0, 2, 4].includes(index % 6) ? "| " : "") + word(index) + (index % 6 === 5 ? " |\n" : " "),
  "code block": (index) => (index === 0 ? "```js\n" : index % 8 === 7 ? `${word(index)};\n` : `${word(index)} `),
  "code in one line": (index) => (index === 0 ? "```js\n" : `${word(index)} `),
  quote: (index) => (index % 12 === 0 ? `${index === 0 ? "" : "\n>\n"}> ${word(index)} ` : `${word(index)} `),
  "quote of one paragraph": (index) => (index % 12 === 0 ? `${index === 0 ? "" : "\n"}> ${word(index)} ` : `${word(index)} `),
  "many blocks": (index) => (index % 20 === 0 ? "\n\n## " : index % 20 === 3 ? "\n\n" : index % 20 === 12 ? "\n\n- " : index % 20 === 16 ? "\n- " : "") + `${word(index)} `,
};

let grown = "";

/** Shows the deltas of a construct from one number up to another: each by itself, read, rendered, styled and laid out, or the last of them alone. */
export async function grow(name: string, from: number, to: number, each: boolean): Promise<void> {
  const app = from === 0 ? begin() : main();
  if (from === 0) grown = "";
  const delta = constructs[name];
  if (delta === undefined) throw new Error(`There is no construct ${name}.`);
  for (let index = from; index < to; index++) {
    grown += delta(index);
    if (!each && index < to - 1) continue;
    render(<Markdown text={grown} done={false} />, app);
    await Promise.resolve();
    await Promise.resolve();
    layoutNow(app);
  }
  if (lastWord(app.textContent) !== lastWord(grown)) throw new Error(`Delta ${to} is not shown: ${app.textContent.slice(-50)}`);
}

/** The last word. */
function lastWord(text: string): string {
  return /[a-z]*(?=[^a-z]*$)/.exec(text)?.[0] ?? "";
}

function layoutNow(element: HTMLElement): number {
  return element.offsetHeight;
}

function main(): HTMLElement {
  const element = document.querySelector("main");
  if (element === null) throw new Error("The page has no main element.");
  return element;
}

function begin(): HTMLElement {
  const app = main();
  render(null, app);
  return app;
}

export interface Paint {
  /** Milliseconds from the moment a delta was there to the frame that shows it. */
  readonly median: number;
  readonly longestTask: number;
  readonly tasksOver50: number;
  readonly seconds: number;
  readonly characters: number;
}

/** Deltas at a rate per second, as they come from a socket: some of them in every message. */
export async function paint(text: string, rate: number): Promise<Paint> {
  const app = begin();
  const size = text.length / DELTAS;
  const tasks: number[] = [];
  const observer = new PerformanceObserver((list) => { tasks.push(...list.getEntries().map((entry) => entry.duration)); });
  observer.observe({ type: "longtask" });
  const delays: number[] = [];
  const from = performance.now();
  let shown = 0;
  while (shown < DELTAS) {
    const due = Math.min(DELTAS, Math.floor(((performance.now() - from) / 1_000) * rate));
    if (due > shown) {
      shown = due;
      const there = performance.now();
      render(<Markdown text={text.slice(0, Math.round(shown * size))} done={false} />, app);
      requestAnimationFrame(() => { afterPaint(() => { delays.push(performance.now() - there); }); });
    }
    await new Promise((resolve) => { setTimeout(resolve); });
  }
  const there = performance.now();
  render(<Markdown text={text} done />, app);
  await new Promise<void>((resolve) => { requestAnimationFrame(() => { afterPaint(() => { delays.push(performance.now() - there); resolve(); }); }); });
  const seconds = (performance.now() - from) / 1_000;
  await new Promise((resolve) => { setTimeout(resolve, 200); });
  observer.disconnect();
  delays.sort((a, b) => a - b);
  return { median: delays[Math.floor(delays.length / 2)] ?? NaN, longestTask: Math.max(0, ...tasks), tasksOver50: tasks.length, seconds, characters: text.length };
}

function afterPaint(callback: () => void): void {
  const channel = new MessageChannel();
  channel.port1.onmessage = callback;
  channel.port2.postMessage(undefined);
}
