import { Growing } from "./growing.js";
import { InlineText } from "./inline-text.js";
import { Parts } from "./parts.js";
import { SourceText } from "./source-text.js";
import { Table } from "./table.js";

export type Block = Quote | Footnote | List | Paragraph | Heading | Rule | Code | Html | Formula | Table;
export type Container = Root | Quote | Footnote | Item;
/** What further lines may belong to. */
export type Leaf = Paragraph | Code | Html | Formula | Table;

/** Blocks below each other. */
abstract class Blocks extends Parts<Block> {}

export class Root extends Blocks {
  readonly kind = "root";
}

export class Quote extends Blocks {
  readonly kind = "quote";
}

export class Footnote extends Blocks {
  readonly kind = "footnote";
  constructor(
    readonly label: string,
    /** Its place among the footnotes, from 1. */
    readonly number: number,
  ) {
    super();
  }
}

export interface ItemStyle {
  /** What stands in front: one of `-*+`, or one of `.)` behind a number. */
  readonly mark: string;
  readonly number?: number;
  /** Columns by which what belongs to the item is indented. */
  readonly indent: number;
  /** A blank line came before, so the item stands apart from the one above it. */
  readonly apart: boolean;
  readonly task?: "open" | "done";
}

export class Item extends Blocks {
  readonly kind = "item";
  constructor(readonly style: ItemStyle) {
    super();
  }
}

export class List extends Parts<Item> {
  readonly kind = "list";
  constructor(readonly mark: string, readonly start?: number) {
    super();
  }
}

export class Paragraph extends InlineText {
  readonly kind = "paragraph";
  /** Its only line so far, where that may be the header of a table. */
  header: string | undefined = "";

  override append(text: string): void {
    if (this.header !== undefined) this.header = text.includes("\n") || this.header.length > 1_000 ? undefined : this.header + text;
    super.append(text);
  }
}

export class Heading extends InlineText {
  readonly kind = "heading";
  constructor(readonly level: 1 | 2 | 3 | 4 | 5 | 6, readonly text = "") {
    super();
    this.append(text);
  }
}

export class Rule extends Growing {
  readonly kind = "rule";
}

export class Code extends SourceText {
  readonly kind = "code";
  /** Blank lines at the end of indented code, which belong to it only if more code comes. */
  #blankLines = 0;
  constructor(readonly language: string, readonly fence?: { readonly mark: string; readonly indent: number }) {
    super();
  }

  nextCodeLine(text: string): void {
    if (this.fence === undefined && text === "") {
      this.#blankLines++;
      return;
    }
    for (; this.#blankLines > 0; this.#blankLines--) this.nextLine();
    this.nextLine();
  }
}

/** Raw HTML, which is shown as text. */
export class Html extends SourceText {
  readonly kind = "html";
  line = "";
  constructor(
    /** What ends it; without that it ends before a blank line. */
    readonly end?: RegExp,
  ) {
    super();
  }

  override append(text: string): void {
    this.line += text;
    super.append(text);
  }
}

/** A formula on lines of its own. */
export class Formula extends SourceText {
  readonly kind = "formula";
  readonly display = true;
  /** Its closing mark was there; else it is shown as it was written. */
  finished = false;
  constructor(readonly closing: "$$" | "\\]") {
    super();
  }
}
