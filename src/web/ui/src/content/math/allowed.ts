/** The elements of MathML that are shown, none of which loads, links or runs anything. */
export const safeElements: ReadonlySet<string> = new Set([
  "math", "mi", "mn", "mo", "ms", "mspace", "mtext", "mrow", "mfrac", "msqrt", "mroot", "mstyle", "merror", "mpadded", "mphantom",
  "msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts", "none", "mtable", "mtr", "mtd", "menclose",
]);

export const safeAttributes: ReadonlySet<string> = new Set([
  "accent", "accentunder", "columnalign", "columnlines", "columnspacing", "columnspan", "depth", "display", "displaystyle", "fence", "form", "height", "largeop",
  "linethickness", "lspace", "mathvariant", "maxsize", "minsize", "movablelimits", "notation", "rowlines", "rowspacing", "rowspan", "rspace", "scriptlevel",
  "separator", "stretchy", "symmetric", "voffset", "width",
]);

const LENGTH = /^-?\d{0,2}(?:\.\d{1,6})?(?:em|ex|pt|px)?$/;
const COLOR = /^(?:#[\da-fA-F]{3,8}|[a-z]{3,20})$/i;
const BORDER = /^\d?(?:\.\d{1,4})?(?:em|px) (?:solid|dashed)(?: (?:#[\da-fA-F]{3,8}|[a-z]{3,20}))?$/i;
const WORD = /^(?:left|right|center|start|end|normal|italic|bold|none|baseline|top|bottom|middle)$/;

const styles: Readonly<Record<string, readonly RegExp[]>> = {
  color: [COLOR], mathColor: [COLOR], backgroundColor: [COLOR], mathBackground: [COLOR],
  padding: [LENGTH], paddingLeft: [LENGTH], paddingRight: [LENGTH], paddingTop: [LENGTH], paddingBottom: [LENGTH],
  paddingInlineStart: [LENGTH], paddingInlineEnd: [LENGTH], paddingBlock: [LENGTH], verticalAlign: [LENGTH, WORD],
  border: [BORDER], borderTop: [BORDER], borderBottom: [BORDER], borderLeft: [BORDER], borderRight: [BORDER],
  textAlign: [WORD], fontStyle: [WORD], fontWeight: [WORD], width: [LENGTH],
};

/** Of a style that temml made what changes nothing beyond its formula; names as in `element.style`. */
export function safeStyle(style: Readonly<Record<string, unknown>>): Record<string, string> | undefined {
  const safe = Object.entries(style).flatMap(([written, value]) => {
    const name = written.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const text = String(value);
    return styles[name]?.some((allowed) => allowed.test(text)) === true ? [[name, text] as const] : [];
  });
  return safe.length === 0 ? undefined : Object.fromEntries(safe);
}
