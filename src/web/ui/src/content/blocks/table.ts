import { Growing } from "./growing.js";
import { InlineText } from "./inline-text.js";
import { Parts } from "./parts.js";

export type Alignment = "left" | "center" | "right" | undefined;

export const MOST_COLUMNS = 64;

/** One row while it is read: a pipe that is not escaped ends a cell. */
export class Row extends Growing {
  readonly cells: InlineText[] = [];
  #cell: InlineText | undefined;
  /** Cells that have ended, those beyond the last column too. */
  #ended = 0;
  #begun = false;
  #space = "";
  #escaped = false;

  /** Cells beyond that many columns are dropped. */
  constructor(private readonly columns: number) {
    super();
  }

  append(text: string): void {
    let run = "";
    for (const char of text) {
      if (this.#escaped) {
        run += char === "|" ? "|" : `\\${char}`;
        this.#escaped = false;
      } else if (char === "\\") {
        this.#escaped = true;
      } else if (char === "|") {
        this.#put(run);
        run = "";
        this.#endCell();
      } else {
        run += char;
      }
    }
    this.#put(run);
  }

  /** The row has ended; missing cells are empty. */
  end(): void {
    if (this.#escaped) this.#put("\\");
    while (this.cells.length < this.columns) this.#open().close();
    this.close();
  }

  override close(): void {
    this.#cell?.close();
    super.close();
  }

  #put(run: string): void {
    const text = (this.#space + run).replace(/[ \t]+/g, " ");
    const kept = text.trimEnd();
    this.#space = this.#cell === undefined && kept === "" ? "" : text.slice(kept.length);
    if (kept === "") return;
    this.#begun = true;
    if (this.#cell !== undefined) this.#cell.append(kept);
    else if (this.#ended < this.columns) this.#open().append(kept.trimStart());
  }

  #endCell(): void {
    if (this.#begun) {
      if (this.#cell === undefined && this.#ended < this.columns) this.#open();
      this.#cell?.close();
      this.#cell = undefined;
      this.#ended++;
    }
    this.#begun = true;
    this.#space = "";
  }

  #open(): InlineText {
    this.#cell = new InlineText();
    this.cells.push(this.#cell);
    this.changed();
    return this.#cell;
  }
}

export class Table extends Parts<Row> {
  readonly kind = "table";
  alignments: readonly Alignment[] = [];
  /** The header alone, as long as the line that makes it a table has not come. */
  provisional = true;
  /** Its header as it was written, until it is a table. */
  source = "";
  readonly header = new Row(MOST_COLUMNS + 1);

  append(text: string): void {
    this.source += text;
    this.header.append(text);
  }

  confirm(alignments: readonly Alignment[]): void {
    this.alignments = alignments;
    this.provisional = false;
    this.source = "";
    this.header.close();
    this.changed();
  }

  override close(): void {
    this.header.close();
    super.close();
  }
}

/** The columns of a line like `|:--|--:|`; `undefined` for any other line. */
export function alignmentsOf(line: string): Alignment[] | undefined {
  if (!/^\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/.test(line) || !/[|:]/.test(line)) return undefined;
  return line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => {
    const mark = cell.trim();
    if (mark.startsWith(":")) return mark.endsWith(":") && mark.length > 1 ? "center" : "left";
    return mark.endsWith(":") ? "right" : undefined;
  });
}
