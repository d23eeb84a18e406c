import { formulaAt } from "./formula.js";

/** A delimiter run of emphasis or strikethrough that is open at the end, or the bracket of a link's text. */
interface Opener {
  readonly mark: string;
  count: number;
  readonly start: number;
  readonly end: number;
}

interface Scan {
  readonly open: Opener[];
  /** Where a code span, a formula or a link's address begins that is not closed. */
  readonly cut?: { readonly kind: "code" | "math" | "address"; readonly start: number; readonly end: number; readonly fence: string };
}

const SPECIAL = /[\\`*_~[\]$]/g;
const SPACE = /^\s?$/;
const PUNCTUATION = /^[\p{P}\p{S}]$/u;

/** How many constructs of a text are open at its end, so that what follows may still change how it looks. */
export function openConstructs(text: string): number {
  const { open, cut } = scan(text);
  return open.length + (cut === undefined ? 0 : 1);
}

/**
 * The text as it looks while more of it comes: what is open is closed behind it, and marks whose meaning
 * is not decided by what is there are left out.
 */
export function closeHalfOpen(text: string): { markdown: string; plain: string } {
  const undecided = /(?:[*_~`]+|!?\[|\\|<(?:b(?:r\s*\/?)?)?)$/.exec(text);
  const shown = undecided === null || (undecided[0].startsWith("`") && openConstructs(text) < openConstructs(text.slice(0, undecided.index)))
    ? text
    : text.slice(0, undecided.index);
  const { open, cut } = scan(shown);
  let markdown = shown;
  let plain = "";
  if (cut?.kind === "code") {
    markdown = shown.slice(cut.end).trim() === "" ? shown.slice(0, cut.start) : shown + cut.fence;
  } else if (cut?.kind === "math") {
    markdown = shown.slice(0, cut.start);
    plain = shown.slice(cut.start);
  } else if (cut?.kind === "address") {
    markdown = shown.slice(0, cut.start);
  }
  for (const opener of open.toReversed()) markdown = closeOne(markdown, opener);
  return { markdown, plain };
}

function closeOne(markdown: string, { mark, count, start, end }: Opener): string {
  const trimmed = markdown.trimEnd();
  if (trimmed.length <= end) return markdown.slice(0, start) + markdown.slice(end);
  if (mark === "[" && markdown[end] === "^") return markdown.slice(0, start);
  if (mark === "[") return `${markdown}](<>)`;
  if (mark === "![") return markdown.slice(0, start);
  return trimmed + mark.repeat(count) + markdown.slice(trimmed.length);
}

function scan(text: string): Scan {
  const open: Opener[] = [];
  SPECIAL.lastIndex = 0;
  for (let match = SPECIAL.exec(text); match !== null; match = SPECIAL.exec(text)) {
    const at = match.index;
    const char = match[0];
    if (char === "\\" || char === "$") {
      const formula = formulaAt(text, at, text.charAt(at - 1));
      if (formula === "open") return { open, cut: { kind: "math", start: at, end: at + 1, fence: "" } };
      SPECIAL.lastIndex = formula?.end ?? at + (char === "\\" ? 2 : 1);
    } else if (char === "`") {
      const end = runEnd(text, at);
      const close = closingTicks(text, end, end - at);
      if (close === undefined) return { open, cut: { kind: "code", start: at, end, fence: text.slice(at, end) } };
      SPECIAL.lastIndex = close;
    } else if (char === "[") {
      const start = text[at - 1] === "!" ? at - 1 : at;
      open.push({ mark: text.slice(start, at + 1), count: 1, start, end: at + 1 });
    } else if (char === "]") {
      const next = closeBracket(text, at, open);
      if (next === "open") return { open, cut: { kind: "address", start: at, end: at, fence: "" } };
      SPECIAL.lastIndex = next;
    } else {
      const end = runEnd(text, at);
      delimiters(text, at, end, open);
      SPECIAL.lastIndex = end;
    }
  }
  return { open };
}

function runEnd(text: string, at: number): number {
  let end = at + 1;
  while (text[end] === text[at]) end++;
  return end;
}

function closingTicks(text: string, from: number, count: number): number | undefined {
  for (let at = text.indexOf("`", from); at >= 0; at = text.indexOf("`", at)) {
    const end = runEnd(text, at);
    if (end - at === count) return end;
    at = end;
  }
  return undefined;
}

/** Where reading goes on behind a `]`; `open` within the address of a link. */
function closeBracket(text: string, at: number, open: Opener[]): number | "open" {
  const index = open.findLastIndex(({ mark }) => mark.endsWith("["));
  if (index < 0) return at + 1;
  const footnote = text[open[index]?.end ?? 0] === "^";
  if (at === text.length - 1 && !footnote) return "open";
  if (text[at + 1] !== "(" || footnote) {
    open.splice(index, 1);
    return at + 1;
  }
  let depth = 0;
  for (let end = at + 1; end < text.length; end++) {
    const char = text[end];
    if (char === "\\") end++;
    else if (char === "(") depth++;
    else if (char === ")" && --depth === 0) {
      open.splice(index);
      return end + 1;
    }
  }
  if (/^\(\s*\S*\s+[^\s"'(]/.test(text.slice(at + 1))) {
    open.splice(index, 1);
    return at + 1;
  }
  return "open";
}

function delimiters(text: string, start: number, end: number, open: Opener[]): void {
  const mark = text.charAt(start);
  const before = text.charAt(start - 1);
  const after = text.charAt(end);
  if (mark === "~" && end - start > 2) return;
  const leftFlanking = !SPACE.test(after) && (!PUNCTUATION.test(after) || SPACE.test(before) || PUNCTUATION.test(before));
  const rightFlanking = !SPACE.test(before) && (!PUNCTUATION.test(before) || SPACE.test(after) || PUNCTUATION.test(after));
  const canOpen = leftFlanking && (mark !== "_" || !rightFlanking || PUNCTUATION.test(before));
  const canClose = rightFlanking && (mark !== "_" || !leftFlanking || PUNCTUATION.test(after));
  let count = end - start;
  while (canClose && count > 0) {
    const index = open.findLastIndex((opener) => opener.mark === mark);
    const opener = open[index];
    if (opener === undefined || open.slice(index).some((other) => other.mark.endsWith("["))) break;
    const used = Math.min(count, opener.count);
    count -= used;
    opener.count -= used;
    open.length = opener.count === 0 ? index : index + 1;
  }
  if (canOpen && count > 0) open.push({ mark, count, start, end });
}
