import type { Line } from "./line.js";

/** What begins on a line, behind its white space. `undefined` stands for: what is there may still become one thing or another. */
export type Start =
  | { readonly kind: "quote" }
  | { readonly kind: "item"; readonly mark: string; readonly number?: number; readonly width: number }
  | { readonly kind: "footnote"; readonly label: string; readonly width: number }
  | { readonly kind: "definition"; readonly label: string; readonly address: string; readonly title: string }
  | { readonly kind: "heading"; readonly level: 1 | 2 | 3 | 4 | 5 | 6; readonly width: number }
  | { readonly kind: "underline"; readonly level: 1 | 2 }
  | { readonly kind: "rule" }
  | { readonly kind: "code"; readonly mark: string; readonly language: string }
  | { readonly kind: "html"; readonly end?: RegExp }
  | { readonly kind: "formula"; readonly closing: "$$" | "\\]"; readonly source: string; readonly closed: boolean }
  | { readonly kind: "row" }
  | { readonly kind: "text" };

const TEXT: Start = { kind: "text" };
const HTML_BLOCKS = new Set(("address article aside base basefont blockquote body caption center col colgroup dd details dialog dir div dl dt fieldset figcaption figure " +
  "footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html iframe legend li link main menu menuitem nav noframes ol optgroup option p param search section " +
  "summary table tbody td tfoot th thead title tr track ul svg math object embed video audio").split(" "));

/** `interrupts`: the line may go on a paragraph, which not everything ends. */
export function startOf(line: Line, interrupts: boolean): Start | undefined {
  const text = line.rest;
  const { complete } = line;
  switch (text.charAt(0)) {
    case ">": return { kind: "quote" };
    case "#": return heading(text, complete);
    case "`": case "~": return fence(text, complete);
    case "<": return html(text, complete);
    case "|": return { kind: "row" };
    case "$": case "\\": return formula(text, complete);
    case "[": return definition(text, complete, interrupts);
    case "-": case "*": case "_": case "=": case "+": return marks(text, complete, interrupts);
    default: return /^\d/.test(text) ? numbered(text, complete, interrupts) : TEXT;
  }
}

function heading(text: string, complete: boolean): Start | undefined {
  const match = /^(#{1,6})([ \t]|$)/.exec(text);
  if (match === null) return TEXT;
  return match[2] === "" && !complete ? undefined : { kind: "heading", level: (match[1]?.length ?? 1) as 1 | 2 | 3 | 4 | 5 | 6, width: match[1]?.length ?? 1 };
}

function fence(text: string, complete: boolean): Start | undefined {
  if (/^(?:`{1,2}|~{1,2})$/.test(text) && !complete) return undefined;
  const match = /^(`{3,}|~{3,})(.*)$/s.exec(text);
  if (match === null || (text.startsWith("`") && match[2]?.includes("`"))) return TEXT;
  return complete ? { kind: "code", mark: match[1] ?? "", language: (match[2]?.trim() ?? "").split(/\s/)[0] ?? "" } : undefined;
}

function html(text: string, complete: boolean): Start | undefined {
  if (!complete && /^<(?:\/?[a-z][a-z0-9]{0,12}|!-?|!\[[A-Z]{0,5}|\/)?$/i.test(text)) return undefined;
  if (text.startsWith("<!--")) return { kind: "html", end: /-->/ };
  if (text.startsWith("<?")) return { kind: "html", end: /\?>/ };
  if (text.startsWith("<![CDATA[")) return { kind: "html", end: /\]\]>/ };
  if (/^<![a-z]/i.test(text)) return { kind: "html", end: />/ };
  const literal = /^<(script|pre|style|textarea)(?:[\s>]|$)/i.exec(text);
  if (literal !== null) return { kind: "html", end: /<\/(?:script|pre|style|textarea)>/i };
  const name = /^<\/?([a-z][a-z0-9]*)(?:\s|\/?>|$)/i.exec(text)?.[1];
  return name !== undefined && HTML_BLOCKS.has(name.toLowerCase()) ? { kind: "html" } : TEXT;
}

function formula(text: string, complete: boolean): Start | undefined {
  if (text.length === 1 && !complete) return undefined;
  const closing = text.startsWith("$$") ? "$$" : text.startsWith("\\[") ? "\\]" : undefined;
  if (closing === undefined) return TEXT;
  const inside = text.slice(2);
  const end = inside.indexOf(closing);
  if (end >= 0 && inside.slice(end + 2).trim() !== "") return TEXT;
  if (!complete) return undefined;
  if (end < 0) return { kind: "formula", closing, source: inside, closed: false };
  return inside.slice(0, end).trim() === "" ? TEXT : { kind: "formula", closing, source: inside.slice(0, end), closed: true };
}

function definition(text: string, complete: boolean, interrupts: boolean): Start | undefined {
  const footnote = /^\[\^([^\]\s]{1,80})\]:/.exec(text);
  if (footnote !== null) return { kind: "footnote", label: footnote[1] ?? "", width: footnote[0].length };
  if (!complete && /^\[(?:\^[^\]\s]{0,80}\]?)?$/.test(text)) return undefined;
  if (interrupts || text.startsWith("[^")) return TEXT;
  if (!complete) return /^\[(?:[^[\]\\]|\\.?){0,200}(?:\](?::.*)?)?$/.test(text) ? undefined : TEXT;
  const match = /^\[((?:[^[\]\\]|\\.){1,200})\]:[ \t]*(?:<([^<>]*)>|([^\s<]\S*))(?:[ \t]+(?:"([^"]*)"|'([^']*)'|\(([^()]*)\)))?[ \t]*$/.exec(text);
  if (match === null || match[1]?.trim() === "") return TEXT;
  return { kind: "definition", label: match[1] ?? "", address: match[2] ?? match[3] ?? "", title: match[4] ?? match[5] ?? match[6] ?? "" };
}

/** Lines that begin with `-`, `*`, `_`, `=` or `+`. */
function marks(text: string, complete: boolean, interrupts: boolean): Start | undefined {
  const mark = text.charAt(0);
  const only = text.trimEnd().split("").every((char) => char === mark || char === " " || char === "\t");
  if (only && !complete) return undefined;
  if (only && interrupts && (mark === "=" || mark === "-") && !/[ \t]/.test(text.trimEnd())) return { kind: "underline", level: mark === "=" ? 1 : 2 };
  if (only && mark !== "=" && mark !== "+" && text.replace(/[ \t]/g, "").length >= 3) return { kind: "rule" };
  if (mark === "_" || mark === "=" || !/^.(?:[ \t]|$)/.test(text)) return TEXT;
  return interrupts && text.slice(1).trim() === "" ? TEXT : { kind: "item", mark, width: 1 };
}

function numbered(text: string, complete: boolean, interrupts: boolean): Start | undefined {
  if (!complete && /^\d{1,9}[.)]?$/.test(text)) return undefined;
  const match = /^(\d{1,9})([.)])(?:[ \t]|$)/.exec(text);
  if (match === null) return TEXT;
  const number = Number(match[1]);
  if (interrupts && number !== 1) return TEXT;
  if (interrupts && text.slice(match[0].length).trim() === "") return complete ? TEXT : undefined;
  return { kind: "item", mark: match[2] ?? ".", number, width: (match[1]?.length ?? 0) + 1 };
}
