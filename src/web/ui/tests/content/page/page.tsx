import "../../../src/kit/kit.css";
import "../../../src/content/content.css";
import "./page.css";
import { render } from "preact";
import { Markdown } from "../../../src/content/markdown.js";
import { PlainText } from "../../../src/content/plain-text.js";
import { LiveRegions } from "../../../src/kit/live.js";
import { grow, paint } from "./measures.js";

/** What tests call in the page. */
export interface Content {
  show(text: string, done: boolean): Promise<void>;
  showPlain(text: string): Promise<void>;
  /** Once what is done when the browser has time is done. */
  idle(): Promise<void>;
  clear(): void;
  html(): string;
  readonly violations: string[];
  readonly grow: typeof grow;
  readonly paint: typeof paint;
}

declare global {
  interface Window {
    content: Content;
  }
}

const app = document.querySelector("main");
if (app === null) throw new Error("The page has no main element.");
const regions = document.createElement("div");
document.body.append(regions);
render(<LiveRegions />, regions);

const violations: string[] = [];
document.addEventListener("securitypolicyviolation", (event) => { violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`); });
new ReportingObserver((reports) => { violations.push(...reports.map((report) => JSON.stringify(report))); }, { types: ["csp-violation"], buffered: true }).observe();

/** Preact renders again what grew in a microtask. */
const settle = () => new Promise<void>((resolve) => { setTimeout(resolve); });

window.content = {
  show: (text, done) => {
    render(<Markdown text={text} done={done} />, app);
    return settle();
  },
  showPlain: (text) => {
    render(<PlainText text={text} />, app);
    return settle();
  },
  idle: async () => {
    for (let turn = 0; turn < 4; turn++) await new Promise<void>((resolve) => { requestIdleCallback(() => { setTimeout(resolve); }); });
  },
  clear: () => { render(null, app); },
  // Ids are numbered through the page, so that two texts never share one.
  html: () => app.innerHTML.replace(/text-\d+-/g, "text-"),
  violations,
  grow,
  paint,
};
