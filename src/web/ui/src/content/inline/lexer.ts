import { Lexer, type MarkedOptions, type Token, Tokenizer, type Tokens } from "marked";
import { formulaAt } from "./formula.js";

export interface MathToken {
  readonly type: "math";
  readonly raw: string;
  readonly source: string;
  readonly display: boolean;
}

/** `[text][label]`, `[label][]` or `[label]`: a link once its definition is there, else what was written. */
export interface ReferenceToken {
  readonly type: "reference";
  readonly raw: string;
  readonly image: boolean;
  readonly label: string;
  readonly text: string;
  /** What is written behind the text: `[label]`, `[]` or nothing. */
  readonly rest: string;
  readonly tokens: InlineToken[];
}

export interface FootnoteToken {
  readonly type: "footnote";
  readonly raw: string;
  readonly label: string;
}

export type InlineToken =
  | MathToken | ReferenceToken | FootnoteToken
  | Tokens.Text | Tokens.Escape | Tokens.HTML | Tokens.Tag | Tokens.Link | Tokens.Image | Tokens.Strong | Tokens.Em | Tokens.Del | Tokens.Codespan | Tokens.Br;

const REFERENCE = /^(!?)\[((?!\^)(?:[^[\]\\]|\\.){1,400})\](?!\()(\[((?:[^[\]\\]|\\.){0,200})\])?/s;
const FOOTNOTE = /^\[\^([^\]\s]{1,80})\](?!\()/;
const MATH = /\$\$?[^$]*\$|\\\(.*?\\\)|\\\[.*?\\\]/gs;

/** HTML is text here, so a tag does not change how what follows is read. */
class TextTokenizer extends Tokenizer {
  override tag(src: string): Tokens.Tag | undefined {
    const token = super.tag(src);
    this.lexer.state.inLink = false;
    this.lexer.state.inRawBlock = false;
    return token;
  }
}

function math(this: { lexer: Lexer }, src: string, tokens?: Token[]): MathToken | undefined {
  if (!src.startsWith("$") && !src.startsWith("\\")) return undefined;
  const formula = formulaAt(src, 0, tokens?.at(-1)?.raw.at(-1) ?? "");
  if (formula === undefined || formula === "open") return undefined;
  return { type: "math", raw: src.slice(0, formula.end), source: formula.source, display: formula.display };
}

function reference(this: { lexer: Lexer }, src: string): ReferenceToken | FootnoteToken | undefined {
  if (!src.startsWith("[") && !src.startsWith("![")) return undefined;
  const footnote = FOOTNOTE.exec(src);
  if (footnote !== null) return { type: "footnote", raw: footnote[0], label: footnote[1] ?? "" };
  const match = REFERENCE.exec(src);
  if (match === null) return undefined;
  const [raw, image, text = "", rest = "", label = ""] = match;
  return { type: "reference", raw, image: image === "!", label: label === "" ? text : label, text, rest, tokens: this.lexer.inlineTokens(text) as InlineToken[] };
}

const options: MarkedOptions = {
  gfm: true, breaks: false, pedantic: false, silent: false, async: false, renderer: null, walkTokens: null,
  // marked's own type wants block extensions and renderers as well, which the inline lexer does not ask for.
  extensions: { inline: [math, reference], startInline: [(src: string) => src.indexOf("$")], renderers: {}, childTokens: {} },
};
const maskFormulas = { emStrongMask: (masked: string) => masked.replace(MATH, (formula) => "a".repeat(formula.length)) } as unknown as NonNullable<MarkedOptions["hooks"]>;

/** The inline constructs of a text, by marked. */
export function lexInline(text: string): InlineToken[] {
  const hooks = /\$|\\[([]/.test(text) ? maskFormulas : null;
  return new Lexer({ ...options, hooks, tokenizer: new TextTokenizer() }).inlineTokens(text) as InlineToken[];
}
