import { launch, open } from "../page/browser.js";
import { servePage } from "../page/server.js";
import { buildPage } from "./page/build.js";
import { constructs } from "./page/measures.js";

const DELTAS = 20_000;
const MEASURED = 1_000;
/** One more delta at the end may cost that many times one at the start. */
const MOST = 1.5;

const only = process.argv.slice(2);
const server = await servePage(await buildPage("bounds"));
const browser = await launch();
console.log(`Processor time for one delta of ${DELTAS}, in milliseconds, at the start and at the end`);
console.log("construct                       script  ratio          script, style and layout  ratio");
for (const name of Object.keys(constructs)) {
  if (only.length > 0 && !only.includes(name)) continue;
  const { page, context } = await open(browser, server.url);
  const session = await context.newCDPSession(page);
  // Time of the thread, so that whatever else runs on the machine does not count.
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const spent = async () => {
    const metrics = new Map((await session.send("Performance.getMetrics")).metrics.map((metric) => [metric.name, metric.value * 1_000]));
    const value = (metric: string) => metrics.get(metric) ?? NaN;
    return { script: value("ScriptDuration"), whole: value("ScriptDuration") + value("LayoutDuration") + value("RecalcStyleDuration") };
  };
  const grow = (from: number, to: number, each: boolean) => page.evaluate((call) => window.content.grow(...call), [name, from, to, each] as const);
  const measure = async (from: number) => {
    const before = await spent();
    await grow(from, from + MEASURED, true);
    const after = await spent();
    return { script: (after.script - before.script) / MEASURED, whole: (after.whole - before.whole) / MEASURED };
  };
  // The first ones warm the compiler up.
  await grow(0, MEASURED, true);
  const start = await measure(MEASURED);
  for (let from = 2 * MEASURED; from < DELTAS - MEASURED; from += 50) await grow(from, from + 50, false);
  const end = await measure(DELTAS - MEASURED);
  const ratios = [end.script / start.script, end.whole / start.whole];
  const over = ratios.some((ratio) => !(ratio <= MOST));
  const numbers = (of: "script" | "whole", ratio = NaN) => `${start[of].toFixed(3)} → ${end[of].toFixed(3)} ${ratio.toFixed(2).padStart(6)}`;
  console.log(`${name.padEnd(28)} ${numbers("script", ratios[0])}          ${numbers("whole", ratios[1])}${over ? `  over ${MOST}` : ""}`);
  if (over) process.exitCode = 1;
  await context.close();
}
await browser.close();
await server.close();
