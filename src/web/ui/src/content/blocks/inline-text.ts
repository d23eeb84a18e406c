import { openConstructs } from "../inline/half-open.js";
import { GrowingText, type Piece, wholeCharacters } from "./growing-text.js";

const FULL = 512;
const STEP = 256;
const FORCED = 2_048;
const LONGEST = 4_096;

/** Between two words, where no hard line break is. */
const BETWEEN_WORDS = /[^\s\\](?=[ \n]\S)/g;

/**
 * The text of a paragraph, a heading or a cell. A long one is cut between words where nothing is open,
 * since each piece is read by itself; emphasis over more than 2,000 characters is not seen.
 */
export class InlineText extends GrowingText {
  protected cut(piece: Piece): number | undefined {
    const { text } = piece;
    while (text.length > Math.max(piece.searched, FULL)) {
      const from = Math.max(piece.searched, FULL);
      BETWEEN_WORDS.lastIndex = from;
      const match = BETWEEN_WORDS.exec(text);
      const at = match === null ? undefined : match.index + 2;
      if (at === undefined || at > LONGEST) return text.length > LONGEST ? wholeCharacters(text, LONGEST) : undefined;
      if (at >= FORCED || openConstructs(text.slice(0, at)) === 0) return at;
      piece.searched = at + STEP;
    }
    return undefined;
  }
}
