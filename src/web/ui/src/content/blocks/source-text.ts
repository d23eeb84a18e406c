import { GrowingText, type Piece, wholeCharacters } from "./growing-text.js";

const FULL = 2_000;
const LONGEST = 4_000;

/** Text that is shown as it is, in pieces of whole lines where lines are not longer than a piece. */
export class SourceText extends GrowingText {
  #lines = 0;

  /** Begins a line. */
  nextLine(): void {
    if (this.#lines++ > 0) this.append("\n");
  }

  override close(): void {
    if (this.closed) return;
    super.close();
    this.changed();
  }

  protected cut(piece: Piece): number | undefined {
    const { text } = piece;
    if (text.length <= FULL) return undefined;
    const end = text.indexOf("\n", Math.max(piece.searched, FULL - 1)) + 1;
    if (end > 0 && end <= LONGEST) return end < text.length ? end : undefined;
    piece.searched = Math.min(text.length, LONGEST);
    return text.length > LONGEST ? wholeCharacters(text, LONGEST) : undefined;
  }
}
