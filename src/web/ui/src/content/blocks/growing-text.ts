import { Growing } from "./growing.js";

/** A piece of a text. All but the last one are closed and never change. */
export class Piece extends Growing {
  text = "";
  /** Where the search for a place to cut goes on. */
  searched = 0;

  append(text: string): void {
    this.text += text;
    this.changed();
  }

  /** What was half-open is shown as it was written. */
  override close(): void {
    if (this.closed) return;
    super.close();
    this.changed();
  }
}

/** A text in pieces of a bounded length. Where it is cut depends on the text alone, not on the deltas it came in. */
export abstract class GrowingText extends Growing {
  readonly pieces: Piece[] = [];

  append(text: string): void {
    if (text === "") return;
    let piece = this.pieces.at(-1) ?? this.#begin();
    piece.append(text);
    for (;;) {
      const at = this.cut(piece);
      if (at === undefined) return;
      const rest = piece.text.slice(at);
      piece.text = piece.text.slice(0, at);
      piece.close();
      piece = this.#begin();
      piece.append(rest);
    }
  }

  /** The whole text. */
  override toString(): string {
    return this.pieces.map((piece) => piece.text).join("");
  }

  override close(): void {
    this.pieces.at(-1)?.close();
    super.close();
  }

  /** Where the piece ends, at less than its length; `undefined` while that is not known. */
  protected abstract cut(piece: Piece): number | undefined;

  #begin(): Piece {
    const piece = new Piece();
    this.pieces.push(piece);
    this.changed();
    return piece;
  }
}

/** Never between the two halves of a character beyond the basic plane. */
export function wholeCharacters(text: string, at: number): number {
  const code = text.charCodeAt(at - 1);
  return code >= 0xd800 && code <= 0xdbff ? at - 1 : at;
}
