import type { ComponentChildren } from "preact";
import { MathView } from "../math/math-view.js";
import { decodeEntities } from "./entities.js";
import { ImageView, LinkView } from "./links.js";
import { FootnoteMark, ReferenceView } from "./reference-views.js";
import type { InlineToken } from "./lexer.js";

/** Constructs in each other beyond this many are shown as they were written. */
const DEEPEST = 32;

export function inlineNodes(tokens: readonly InlineToken[], depth = 0): ComponentChildren {
  return tokens.map((token, index) => inlineNode(token, index, depth));
}

function inlineNode(token: InlineToken, key: number, depth: number): ComponentChildren {
  const children = (inside: readonly unknown[]) => inlineNodes(inside as InlineToken[], depth + 1);
  if (depth > DEEPEST) return token.raw;
  switch (token.type) {
    case "text": return decodeEntities(token.raw);
    case "escape": return token.text;
    case "html": return /^<br\s*\/?>$/i.test(token.raw) ? <br key={key} /> : token.raw;
    case "strong": return <strong key={key}>{children(token.tokens)}</strong>;
    case "em": return <em key={key}>{children(token.tokens)}</em>;
    case "del": return <del key={key}>{children(token.tokens)}</del>;
    case "codespan": return <code key={key} dir="auto">{token.text}</code>;
    case "br": return <br key={key} />;
    case "math": return <MathView key={key} source={token.source} display={token.display} written={token.raw} />;
    case "footnote": return <FootnoteMark key={key} label={token.label} written={token.raw} />;
    case "reference": return <ReferenceView key={key} token={token}>{children(token.tokens)}</ReferenceView>;
    case "link": return <LinkView key={key} address={token.href} title={token.title ?? ""} written={token.text}>{children(token.tokens)}</LinkView>;
    case "image": return <ImageView key={key} address={token.href} title={token.title ?? ""} alt={token.text} />;
    default: return (token as InlineToken).raw;
  }
}
