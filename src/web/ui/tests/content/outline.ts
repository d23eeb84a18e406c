import type { Block, Item, Root } from "../../src/content/blocks/blocks.js";
import { Reader } from "../../src/content/blocks/reader.js";
import type { Row } from "../../src/content/blocks/table.js";

/** A text read in the deltas given. */
export function read(...deltas: readonly string[]): Reader {
  const reader = new Reader();
  for (const delta of deltas) reader.append(delta);
  reader.end();
  return reader;
}

/** The blocks of a text as nested lists, with the pieces of long texts apart. */
export function outline(root: Root): unknown {
  return root.parts.map((part) => part.children.map(ofBlock));
}

function ofBlock(block: Block | Item): unknown {
  if (!block.closed && block.kind !== "rule") throw new Error(`A ${block.kind} is still open at the end.`);
  const blocks = (container: { parts: readonly { children: readonly (Block | Item)[] }[] }) => container.parts.map((part) => part.children.map(ofBlock));
  switch (block.kind) {
    case "rule": return "rule";
    case "heading": return [`h${block.level}`, ...pieces(block)];
    case "paragraph": return ["p", ...pieces(block)];
    case "code": return ["code", block.language, ...pieces(block)];
    case "html": return ["html", ...pieces(block)];
    case "formula": return ["formula", block.finished, ...pieces(block)];
    case "table": return ["table", block.provisional, block.alignments, row(block.header), ...block.parts.map((part) => part.children.map(row))];
    case "list": return ["list", block.mark, block.start, ...blocks(block)];
    case "item": return ["item", block.style, ...blocks(block)];
    case "quote": return ["quote", ...blocks(block)];
    case "footnote": return ["footnote", block.label, block.number, ...blocks(block)];
  }
}

function row({ cells }: Row): unknown {
  return cells.map((cell) => pieces(cell));
}

function pieces(text: { pieces: readonly { text: string }[] }): string[] {
  return text.pieces.map((piece) => piece.text);
}
