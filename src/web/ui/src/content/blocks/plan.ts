import type { Container, ItemStyle, Leaf, List } from "./blocks.js";
import type { Line } from "./line.js";
import { type Start, startOf } from "./starts.js";
import { type Alignment, alignmentsOf, MOST_COLUMNS, Row } from "./table.js";

/** Quotes and items in each other beyond this many are text: a page with thousands of levels would not be shown. */
const DEEPEST = 24;

export type ContainerStart =
  | { readonly kind: "quote" }
  | { readonly kind: "footnote"; readonly label: string }
  | ({ readonly kind: "item" } & Omit<ItemStyle, "apart">);

/** What the line is, behind the containers it belongs to and begins. */
export type Content =
  | { readonly kind: "blank" | "codeEnd" }
  /** Goes on the open leaf. */
  | { readonly kind: "more"; readonly text: string }
  | { readonly kind: "formulaEnd"; readonly text: string }
  | { readonly kind: "delimiter"; readonly alignments: readonly Alignment[] }
  | { readonly kind: "text" | "row" | "indented"; readonly text: string }
  | { readonly kind: "heading"; readonly level: 1 | 2 | 3 | 4 | 5 | 6; readonly text: string }
  | { readonly kind: "html"; readonly end?: RegExp; readonly text: string }
  | { readonly kind: "code"; readonly language: string; readonly mark: string; readonly indent: number }
  | Extract<Start, { kind: "underline" | "rule" | "definition" | "formula" }>;

export interface Plan {
  /** How many of the open containers the line belongs to. */
  readonly matched: number;
  readonly starts: readonly ContainerStart[];
  readonly content: Content;
}

export interface State {
  readonly open: readonly (Container | List)[];
  readonly leaf: Leaf | undefined;
}

/** What to do with a line; `undefined` while more of it may change that. Decided once, more of it changes nothing. */
export function planLine(line: Line, { open, leaf }: State): Plan | undefined {
  if (isOpenEnd(line)) return undefined;
  let matched = 0;
  for (const container of open) {
    if (!belongs(line, container)) break;
    matched++;
    if (isOpenEnd(line)) return undefined;
  }
  const all = matched === open.length;
  if (all && leaf !== undefined) {
    const content = ofOpenLeaf(line, leaf);
    if (content === "undecided") return undefined;
    if (content !== undefined) return { matched, starts: [], content };
  }
  if (line.blank) return { matched, starts: [], content: { kind: "blank" } };
  return begin(line, { open, leaf }, matched);
}

/** Only white space is there, and what comes behind it may matter. */
function isOpenEnd(line: Line): boolean {
  return !line.complete && line.blank;
}

function belongs(line: Line, container: Container | List): boolean {
  switch (container.kind) {
    case "root": case "list": return true;
    case "quote": {
      if (line.indent > 3 || !line.rest.trimStart().startsWith(">")) return false;
      line.skipSpace();
      line.skip(1);
      line.skipSpace(1);
      return true;
    }
    case "item": return indented(line, container, container.style.indent);
    case "footnote": return indented(line, container, 4);
  }
}

function indented(line: Line, container: Container, columns: number): boolean {
  if (line.blank) return container.last !== undefined;
  if (line.indent < columns) return false;
  line.skipSpace(columns);
  return true;
}

/** What the line is to an open leaf that takes lines as they are; `undefined` where it may begin something else. */
function ofOpenLeaf(line: Line, leaf: Leaf): Content | "undecided" | undefined {
  switch (leaf.kind) {
    case "code": return ofCode(line, leaf.fence);
    case "html": return line.blank && leaf.end === undefined ? undefined : { kind: "more", text: line.rest };
    case "formula": {
      if (!line.complete) return "undecided";
      const text = line.rest.trimEnd();
      if (text.endsWith(leaf.closing)) return { kind: "formulaEnd", text: text.slice(0, -2) };
      return line.blank ? undefined : { kind: "more", text: line.rest };
    }
    case "paragraph": case "table": return ofTable(line, leaf);
  }
}

function ofCode(line: Line, fence: { mark: string; indent: number } | undefined): Content | "undecided" | undefined {
  if (fence === undefined) {
    if (line.blank) return { kind: "more", text: "" };
    if (line.indent < 4) return undefined;
    line.skipSpace(4);
    return { kind: "more", text: line.rest };
  }
  if (line.indent < 4) {
    const text = line.rest.trim();
    const marks = text.split("").every((char) => char === fence.mark.charAt(0));
    if (marks && !line.complete) return "undecided";
    if (marks && text.length >= fence.mark.length) return { kind: "codeEnd" };
  }
  line.skipSpace(fence.indent);
  return { kind: "more", text: line.rest };
}

function ofTable(line: Line, leaf: Extract<Leaf, { kind: "paragraph" | "table" }>): Content | "undecided" | undefined {
  const table = leaf.kind === "table";
  const header = table ? leaf.source : leaf.header;
  if ((table && !leaf.provisional) || header?.includes("|") !== true || line.indent > 3 || !/^[|:\- \t]+$/.test(line.rest)) return undefined;
  if (!line.complete) return "undecided";
  const alignments = alignmentsOf(line.rest.trim());
  if (alignments === undefined || alignments.length > MOST_COLUMNS) return undefined;
  const row = new Row(MOST_COLUMNS + 1);
  row.append(header);
  return row.cells.length === alignments.length ? { kind: "delimiter", alignments } : undefined;
}

function begin(line: Line, { open, leaf }: State, matched: number): Plan | undefined {
  const starts: ContainerStart[] = [];
  const paragraph = leaf?.kind === "paragraph" || (leaf?.kind === "table" && leaf.provisional);
  const all = matched === open.length;
  const more = (): Plan => ({ matched: open.length, starts, content: { kind: "more", text: line.rest } });
  for (;;) {
    if (line.blank) return { matched, starts, content: { kind: "blank" } };
    const goesOn = starts.length === 0 && paragraph;
    if (line.indent > 3) {
      if (goesOn) {
        line.skipSpace();
        return more();
      }
      if (all && starts.length === 0 && leaf?.kind === "table") return more();
      line.skipSpace(4);
      return { matched, starts, content: { kind: "indented", text: line.rest } };
    }
    const indent = line.indent;
    line.skipSpace();
    const start = startOf(line, goesOn && all);
    if (start === undefined) return undefined;
    if (start.kind === "quote" || start.kind === "item" || start.kind === "footnote") {
      if (matched + 2 * starts.length < 2 * DEEPEST) {
        const container = beginContainer(line, start, indent);
        if (container === undefined) return undefined;
        starts.push(container);
        continue;
      }
    } else if (start.kind === "heading") {
      line.skip(start.width);
      if (isOpenEnd(line)) return undefined;
      line.skipSpace();
      return { matched, starts, content: { kind: "heading", level: start.level, text: line.rest } };
    } else if (start.kind === "code") {
      return { matched, starts, content: { ...start, indent } };
    } else if (start.kind === "html") {
      return { matched, starts, content: { ...start, text: " ".repeat(indent) + line.rest } };
    } else if (start.kind !== "text" && start.kind !== "row") {
      return { matched, starts, content: start };
    }
    if (goesOn && (start.kind !== "row" || !all || leaf.kind === "table")) return more();
    if (all && starts.length === 0 && leaf?.kind === "table") return more();
    return { matched, starts, content: { kind: start.kind === "row" ? "row" : "text", text: line.rest } };
  }
}

function beginContainer(line: Line, start: Extract<Start, { kind: "quote" | "item" | "footnote" }>, indent: number): ContainerStart | undefined {
  line.skip(start.kind === "quote" ? 1 : start.width);
  if (isOpenEnd(line)) return undefined;
  if (start.kind === "quote") {
    line.skipSpace(1);
    return start;
  }
  if (start.kind === "footnote") {
    line.skipSpace();
    return start;
  }
  const space = line.indent;
  const padding = line.blank || space > 4 ? 1 : space;
  line.skipSpace(padding);
  const item = { ...start, indent: indent + start.width + padding };
  if (!line.complete && /^\[(?:[ xX](?:\][ \t]*)?)?$/.test(line.rest)) return undefined;
  const task = /^\[([ xX])\][ \t]+(?=\S)/.exec(line.rest);
  if (task === null) return item;
  line.skip(task[0].length);
  return { ...item, task: task[1] === " " ? "open" : "done" };
}

