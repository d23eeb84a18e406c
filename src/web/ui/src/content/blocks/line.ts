/** The current line, read from the left in columns: a tab goes on to the next multiple of four. */
export class Line {
  offset = 0;
  #column = 0;
  /** Columns of a tab at `offset` that are read already. */
  #ofTab = 0;

  constructor(
    readonly text: string,
    /** The line ends here; else more of it may come. */
    readonly complete: boolean,
  ) {}

  /** Columns of white space ahead. */
  get indent(): number {
    let column = this.#column;
    for (let at = this.offset; ; at++) {
      const char = this.text[at];
      if (char === " ") column++;
      else if (char === "\t") column += 4 - (column % 4);
      else return column - this.#column;
    }
  }

  get blank(): boolean {
    return this.text.slice(this.offset).trim() === "";
  }

  /** What is ahead, white space included. */
  get rest(): string {
    return this.#ofTab > 0 ? " ".repeat(4 - (this.#column % 4)) + this.text.slice(this.offset + 1) : this.text.slice(this.offset);
  }

  skipSpace(columns = Infinity): void {
    let left = columns;
    while (left > 0) {
      const char = this.text[this.offset];
      if (char === " ") {
        this.offset++;
        this.#column++;
        left--;
      } else if (char === "\t") {
        const width = 4 - (this.#column % 4);
        if (width > left) {
          this.#column += left;
          this.#ofTab += left;
          return;
        }
        this.offset++;
        this.#column += width;
        this.#ofTab = 0;
        left -= width;
      } else {
        return;
      }
    }
  }

  skip(characters: number): void {
    this.offset += characters;
    this.#column += characters;
  }
}
