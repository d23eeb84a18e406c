import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Code } from "../blocks/blocks.js";
import type { Piece } from "../blocks/growing-text.js";
import { contentText } from "../../text/content.js";
import { type Shown, View } from "../view.js";
import { CopyButton } from "./copy-button.js";
import { highlightLater } from "./highlight.js";
import { visibleControls } from "./visible-controls.js";

/** A block of code: coloured once it is complete, copied as it was written. */
export class CodeView extends View<Shown<Code>> {
  override render() {
    const { of: code } = this.props;
    const language = code.language.slice(0, 40);
    return (
      <figure class="content-code" dir="ltr">
        <figcaption>
          <span>{language === "" ? contentText.plainCode : language}</span>
          <CopyButton language={language} text={() => String(code)} />
        </figcaption>
        <pre tabIndex={0} role="group" aria-label={contentText.code(language)}>
          <code><CodeText code={code} complete={code.closed} /></code>
        </pre>
      </figure>
    );
  }
}

/** Each piece is a box of its own, so that one more line costs the same however many came before. */
function CodeText({ code, complete }: { readonly code: Code; readonly complete: boolean }) {
  const [highlighted, setHighlighted] = useState<ComponentChildren>();
  useEffect(() => complete ? highlightLater(String(code), code.language, setHighlighted) : undefined, [code, complete]);
  return <>{highlighted ?? code.pieces.map((piece) => <PieceView key={piece.key} of={piece} />)}</>;
}

class PieceView extends View<Shown<Piece>> {
  override render() {
    return <span class="content-lines">{visibleControls(this.props.of.text)}</span>;
  }
}
