// Draws the PNG icons of the manifest from public/icons/icon.svg with Chromium. Their results are kept: run it when the drawing changes.
import { chromium } from "playwright-core";
import { readFile, writeFile } from "node:fs/promises";

const svg = await readFile(new URL("public/icons/icon.svg", import.meta.url), "utf8");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
// A maskable icon is cut to any shape: its ground fills the square, and what matters stands in the middle.
const drawings = [["icon-192", 192, svg], ["icon-512", 512, svg], ["icon-maskable-512", 512, svg.replace('viewBox="0 0 64 64"', 'viewBox="6 6 52 52"').replace('rx="15"', "")]];
for (const [name, size, drawing] of drawings) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>* { margin: 0 } svg { display: block; width: ${size}px; height: ${size}px }</style>${drawing}`);
  await writeFile(new URL(`public/icons/${name}.png`, import.meta.url), await page.screenshot({ omitBackground: true }));
  await page.close();
}
await browser.close();
