import { readFile } from "node:fs/promises";
import { launch, open } from "../page/browser.js";
import { servePage } from "../page/server.js";
import { buildPage } from "./page/build.js";

const RATE = 2_000;
const MOST = { median: 100, longestTask: 100, heap: 30 };

const document = await readFile("tests/content/corpus/answer.md", "utf8");
const text = Array.from({ length: 75 }, () => document.replace(/~~~\nunclosed fence\n?$/, "")).join("\n\n");
const server = await servePage(await buildPage("paint"));
const browser = await launch();
const { page, context } = await open(browser, server.url);
const session = await context.newCDPSession(page);
// Time of the thread, so that whatever else runs on the machine does not count.
await session.send("Performance.enable", { timeDomain: "threadTicks" });
const metric = async (name: string) => (await session.send("Performance.getMetrics")).metrics.find((one) => one.name === name)?.value ?? NaN;
const { median, longestTask, tasksOver50, seconds, characters } = await page.evaluate(([all, rate]) => window.content.paint(all, rate), [text, RATE] as const);
const busy = await metric("TaskDuration");
await session.send("HeapProfiler.collectGarbage");
const heap = (await metric("JSHeapUsedSize")) / 1_048_576;
console.log(`20,000 deltas of Markdown, ${characters} characters, at ${RATE} a second, in ${seconds.toFixed(1)} s`);
console.log(`  from a delta to the frame that shows it  ${median.toFixed(1)} ms at the median (at most ${MOST.median})`);
console.log(`  longest task                             ${longestTask.toFixed(0)} ms (at most ${MOST.longestTask}), ${tasksOver50} over 50 ms`);
console.log(`  processor time of the page's thread      ${busy.toFixed(1)} s`);
console.log(`  heap at the end                          ${heap.toFixed(1)} MB (at most ${MOST.heap})`);
if (!(median <= MOST.median && longestTask <= MOST.longestTask && heap <= MOST.heap)) process.exitCode = 1;
await browser.close();
await server.close();
