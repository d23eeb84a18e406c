/** Elements that texts may have, with their attributes. Everything else is an escape. */
const everywhere = ["class", "dir"];
const math = ["accent", "accentunder", "columnalign", "columnlines", "columnspacing", "columnspan", "depth", "display", "displaystyle", "fence", "form", "height", "largeop", "linethickness", "lspace", "mathvariant", "maxsize", "minsize",
  "movablelimits", "notation", "rowlines", "rowspacing", "rowspan", "rspace", "scriptlevel", "separator", "stretchy", "style", "symmetric", "voffset", "width"];

export const allowed: Readonly<Record<string, readonly string[]>> = {
  a: ["href", "target", "rel", "title", "aria-label"], img: ["src", "alt", "loading", "decoding", "title"],
  col: ["style"], colgroup: [], button: ["type", "aria-label", "aria-expanded", "data-tip"], svg: ["viewBox", "aria-hidden"], path: ["d", "fill", "stroke"],
  ol: ["start"], table: ["aria-label"], pre: ["tabindex", "role", "aria-label"], th: ["scope"], div: ["role", "aria-label", "tabindex", "id", "style"], span: ["role", "aria-label", "tabindex"],
  ...Object.fromEntries(["p", "h3", "h4", "h5", "h6", "hr", "br", "blockquote", "ul", "li", "strong", "em", "del", "code", "sup", "bdi", "figure", "figcaption", "thead", "tbody", "tr", "td"].map((name) => [name, []])),
  ...Object.fromEntries(["math", "mi", "mn", "mo", "ms", "mspace", "mtext", "mrow", "mfrac", "msqrt", "mroot", "mstyle", "merror", "mpadded", "mphantom", "msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts", "none", "mtable", "mtr", "mtd", "menclose"].map((name) => [name, math])),
};

const styleNames = ["color", "background-color", "padding", "padding-left", "padding-right", "padding-top", "padding-bottom", "padding-inline", "padding-inline-start", "padding-inline-end", "padding-block", "vertical-align", "border", "border-top", "border-bottom", "border-left", "border-right", "text-align", "font-style", "font-weight", "width", "math-style", "math-depth"];

/** What is wrong with an element, as a sentence; `undefined` for one that is allowed. */
export function wrongWith(name: string, attributes: Readonly<Record<string, string>>, origin: string): string | undefined {
  const names = allowed[name];
  if (names === undefined) return `an element ${name}`;
  for (const [attribute, value] of Object.entries(attributes)) {
    if (!names.includes(attribute) && !everywhere.includes(attribute)) return `an attribute ${attribute} of ${name}`;
    if (attribute === "class" && !/^(?:(?:content|code)(?:-[a-z0-9-]+)? ?|button quiet small no-print|button plain small|content-fold no-print|icon(?: flips)?)*$/.test(value)) return `a class ${value} of ${name}`;
    if (attribute === "id" && !/^text-\d+-note-\d+$/.test(value)) return `an id ${value}`;
    if (attribute === "dir" && value !== "auto" && value !== "ltr") return `a direction ${value}`;
    if (attribute === "href" && !/^(?:https?:\/\/[^@/]*(?:\/|$)|mailto:|#text-\d+-note-\d+$)/.test(value)) return `a link to ${value}`;
    if (attribute === "href" && value.startsWith("http") && (attributes["target"] !== "_blank" || attributes["rel"] !== "noopener noreferrer nofollow")) return `a link that does not open apart: ${value}`;
    if (attribute === "src" && new URL(value).origin !== origin) return `an image of ${value}`;
    if (attribute === "style" && name === "col" && /^width: var\(--column-\d+\);?$/.test(value)) continue;
    if (attribute === "style" && name === "div" && /^(?:--column-\d+: [\d.]+px;? ?)+$/.test(value)) continue;
    if (attribute === "style") {
      const bad = value.split(";").map((one) => one.trim()).find((one) => one !== "" && (!styleNames.includes(one.split(":")[0]?.trim() ?? "") || /url|expression|var\(|(?<![.\d])\d{3,}/i.test(one.replace(/#[\da-f]+|rgba?\([^)]*\)/gi, ""))));
      if (bad !== undefined) return `a style ${bad} of ${name}`;
    }
  }
  return undefined;
}
