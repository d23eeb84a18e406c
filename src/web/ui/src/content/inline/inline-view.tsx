import type { GrowingText, Piece } from "../blocks/growing-text.js";
import { type Shown, View } from "../view.js";
import { closeHalfOpen } from "./half-open.js";
import { lexInline } from "./lexer.js";
import { inlineNodes } from "./tokens.js";

/** Pieces that are laid out as one text. */
const RUN = 8;

/**
 * Text with inline constructs. What is complete of a long one is not read again when it grows. Beyond some 4,000 characters
 * it goes on on a line of its own, since a browser lays out a paragraph as a whole.
 */
export class InlineView extends View<Shown<GrowingText>> {
  override render() {
    const { pieces } = this.props.of;
    const runs = Array.from({ length: Math.ceil(pieces.length / RUN) }, (_, index) => pieces.slice(index * RUN, (index + 1) * RUN));
    return runs.map((run, index) => (
      <span key={index} class={runs.length > 1 ? "content-run" : undefined}>{run.map((piece) => <PieceView key={piece.key} of={piece} />)}</span>
    ));
  }
}

class PieceView extends View<Shown<Piece>> {
  override render() {
    const { of: piece } = this.props;
    if (piece.closed) return inlineNodes(lexInline(piece.text));
    const { markdown, plain } = closeHalfOpen(piece.text);
    return <>{inlineNodes(lexInline(markdown))}{plain !== "" && <span class="content-source">{plain}</span>}</>;
  }
}
