import type { Page } from "playwright-core";
import { launch, open } from "../page/browser.js";
import { servePage } from "../page/server.js";
import { buildPage } from "./build.js";
import { answerOnce } from "./measured/wire.js";

const DELTAS = 20_000;
const PER_SECOND = 2_000;
const browser = await launch();

function report(what: string, value: number, unit: string, most: number): void {
  const well = value <= most;
  console.log(`${what.padEnd(72)} ${value.toFixed(1).padStart(9)} ${unit.padEnd(3)} at most ${most}${well ? "" : "   TOO MUCH"}`);
  if (!well) {
    process.exitCode = 1;
  }
}

await longThread();
await fastAnswer();
await browser.close();

async function longThread(): Promise<void> {
  const server = await servePage(await buildPage("measured", "tests/conversation/measured/page.tsx"));
  const { page, context } = await open(browser, server.url);
  const { ms, below, last } = await page.evaluate(() => window.measured.opens());
  report("5,000 messages: open at the end", ms, "ms", 500);
  report("  distance to the end", below, "px", 1);
  if (last !== "Answer 2499.") {
    throw new Error(`The last answer is not there, but "${last}".`);
  }

  const { loading, scrolling, pages, inPage } = await page.evaluate(() => window.measured.scrollsBack());
  if (pages !== 9) {
    throw new Error(`${pages} pages were loaded, and not 9.`);
  }

  report("scrolling back 1,000 messages: largest jump when a page is put in before", loading, "px", 1);
  report("  largest jump while the reader scrolls", scrolling, "px", 1);
  report("  entries in the page then", inPage, "", 400);
  await context.close();
  await server.close();
}

async function fastAnswer(): Promise<void> {
  const wire = await answerOnce(Array.from({ length: DELTAS }, (_, index) => delta(index)), PER_SECOND);
  const server = await servePage(await buildPage("live", "src/main.tsx"), wire);
  const { page, context } = await open(browser, server.url);
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable");
  await page.getByRole("textbox", { name: "Message", exact: true }).fill("Go.");
  const shown = await watch(page);
  await page.getByRole("textbox", { name: "Message", exact: true }).press("Enter");
  await page.getByRole("article", { name: "demo answered" }).waitFor({ timeout: 120_000 });
  const { frames, tasks } = await shown();
  const late = frames.map(({ index, time }) => time - (wire.sentAt[index] ?? NaN)).sort((a, b) => a - b);
  if (frames.length < 10) {
    throw new Error(`Only ${frames.length} pictures were looked at.`);
  }

  report(`${DELTAS} deltas at ${PER_SECOND}/s: the newest one is painted after, median of ${late.length} pictures`, late[Math.floor(late.length / 2)] ?? NaN, "ms", 100);
  report("  95 % of the pictures", late[Math.floor(late.length * 0.95)] ?? NaN, "ms", 250);
  report("  longest task", Math.max(0, ...tasks), "ms", 100);
  await session.send("HeapProfiler.collectGarbage");
  const { metrics } = await session.send("Performance.getMetrics");
  report("  heap", (metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? NaN) / 1_048_576, "MB", 30);
  await context.close();
  await server.close();
  await wire.close();
}

/** Words with their number, in paragraphs, lists and code. */
function delta(index: number): string {
  const gap = index % 50 === 0 ? "\n\n" : index % 50 === 30 ? "\n\n- " : index % 50 === 40 ? "\n- " : " ";
  return `${gap}${index % 17 === 0 ? `**w${index}**` : `w${index}`}`;
}

/** With each picture the newest delta in it and when it was painted; and tasks over 50 ms. */
async function watch(page: Page): Promise<() => Promise<{ frames: readonly { index: number; time: number }[]; tasks: readonly number[] }>> {
  await page.evaluate(() => {
    const frames: { index: number; time: number }[] = [];
    const tasks: number[] = [];
    new PerformanceObserver((list) => { list.getEntries().forEach(({ duration }) => tasks.push(duration)); }).observe({ type: "longtask" });
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      let at: Node | null | undefined = [...document.querySelectorAll("article .content")].at(-1);
      while (at?.lastChild != null && (at.textContent?.length ?? 0) > 500) {
        at = at.lastChild;
      }
      const index = Number(/w(\d+)\D*$/.exec(at?.textContent ?? "")?.[1] ?? NaN);
      if (!Number.isNaN(index) && index !== frames.at(-1)?.index) {
        frames.push({ index, time: performance.timeOrigin + performance.now() });
      }
    };
    const look = () => {
      channel.port2.postMessage(0);
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    Object.assign(window, { watched: { frames, tasks } });
  });
  return () => page.evaluate(() => (window as unknown as { watched: { frames: { index: number; time: number }[]; tasks: number[] } }).watched);
}
