export interface Formula {
  readonly source: string;
  readonly display: boolean;
  /** Behind its closing mark. */
  readonly end: number;
}

const CLOSING: Readonly<Record<string, string>> = { "\\(": "\\)", "\\[": "\\]", "$$": "$$", "$": "$" };
const LONGEST = 1_000;
const LONGEST_OPEN = 200;

/**
 * The formula that begins at a `$` or `\`; `open` while its closing mark may still come. An amount of money is none:
 * the next `$` closes it, with no space before and no letter or digit behind, and what begins with a digit and has spaces needs TeX in it.
 */
export function formulaAt(text: string, at: number, before: string): Formula | "open" | undefined {
  const opening = text.startsWith("$$", at) ? "$$" : text.slice(at, text[at] === "\\" ? at + 2 : at + 1);
  const closing = CLOSING[opening];
  if (closing === undefined) return undefined;
  const from = at + opening.length;
  const money = closing === "$";
  if (money && (/^[\s$]?$/.test(text.charAt(from)) || /\w/.test(before))) return undefined;
  const ahead = text.slice(from, from + LONGEST);
  const end = money ? ahead.search(/(?<!\\)\$/) : ahead.indexOf(closing);
  const source = ahead.slice(0, Math.max(0, end));
  if (end < 0) return ahead.length < LONGEST_OPEN && !/\n\n|^\d/.test(ahead) ? "open" : undefined;
  if (money ? !closesInline(source, ahead.charAt(end + 1)) : source.trim() === "") return undefined;
  return { source, display: closing === "$$" || closing === "\\]", end: from + end + closing.length };
}

function closesInline(source: string, after: string): boolean {
  if (/\s$/.test(source) || /\w/.test(after)) return false;
  return !/^\d.*\s/s.test(source) || /[\\^_={}]/.test(source);
}
