import type { ComponentChildren } from "preact";
import type { highlight } from "./highlighter.js";

/** Characters; more would hold up the page for longer than a frame or two. */
const LARGEST = 20_000;

interface Job {
  readonly code: string;
  readonly language: string;
  readonly show: (highlighted: ComponentChildren) => void;
}

const jobs = new Set<Job>();
let working = false;

/** Colours code when the browser has time for it, one block after the other. The result takes the wish back. */
export function highlightLater(code: string, language: string, show: (highlighted: ComponentChildren) => void): () => void {
  const job = { code, language, show };
  if (code.length <= LARGEST && language !== "") jobs.add(job);
  if (jobs.size > 0 && !working) {
    working = true;
    import("./highlighter.js").then(
      (module) => { workOn(module.highlight); },
      (error: unknown) => {
        working = false;
        jobs.clear();
        console.warn("Code is shown without colours, since the highlighter could not be loaded.", error);
      },
    );
  }
  return () => { jobs.delete(job); };
}

function workOn(run: typeof highlight): void {
  const [job] = jobs;
  if (job === undefined) {
    working = false;
    return;
  }
  jobs.delete(job);
  const highlighted = run(job.code, job.language);
  if (highlighted !== undefined) job.show(highlighted);
  whenIdle(() => { workOn(run); });
}

function whenIdle(callback: () => void): void {
  if (typeof requestIdleCallback === "function") requestIdleCallback(callback, { timeout: 500 });
  else setTimeout(callback, 16);
}
