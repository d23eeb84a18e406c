import { Place } from "./place.js";

const ROUNDS = 5;
const MAX_USABLE_MS = 1_500;
const MAX_SECOND_BYTES = 2_048;
/** 150 ms of round trip and 1.6 Mbit/s each way. */
const slow = { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 200_000 };

const place = await Place.build();
try {
  const usable: number[] = [];
  const bytes: number[] = [];
  const second: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const context = await place.browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    const before = place.page.sent;
    await cdp.send("Network.emulateNetworkConditions", slow);
    const begin = performance.now();
    await page.goto(place.page.url, { waitUntil: "commit" });
    await page.getByRole("textbox", { name: "Message", exact: true }).waitFor();
    await page.keyboard.type("usable");
    await page.waitForFunction(() => document.querySelector("textarea")?.value === "usable");
    usable.push(performance.now() - begin);
    bytes.push(place.page.sent - before);
    await cdp.send("Network.emulateNetworkConditions", { ...slow, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
    await page.evaluate(() => navigator.serviceWorker.ready);
    const again = place.page.sent;
    await page.reload();
    await page.getByRole("textbox", { name: "Message", exact: true }).waitFor();
    await page.waitForLoadState("networkidle");
    second.push(place.page.sent - again);
    await context.close();
  }
  print("usable after", usable, "ms", MAX_USABLE_MS);
  print("first load, on the wire", bytes, "byte", Infinity);
  print("second load, on the wire", second, "byte", MAX_SECOND_BYTES);
} finally {
  await place.close();
}

function print(what: string, values: readonly number[], unit: string, max: number): void {
  const sorted = [...values].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  const limit = max === Infinity ? "" : `, at most ${max}`;
  console.log(`${what}: median ${Math.round(median)} ${unit} (${sorted.map((value) => Math.round(value)).join(", ")})${limit}`);
  if (median > max) {
    console.error(`${what}: more than allowed.`);
    process.exitCode = 1;
  }
}
