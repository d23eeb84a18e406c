import { useState } from "preact/hooks";
import { Button } from "../kit/button.js";
import { ChevronDownIcon } from "../kit/icons.js";
import { contentText } from "../text/content.js";

export interface Folded {
  /** What is shown of the text. */
  readonly shown: string;
  readonly folded: boolean;
  /** Whether there is anything to fold. */
  readonly foldable: boolean;
  /** Characters that are not shown. */
  readonly hidden: number;
  readonly toggle: () => void;
}

/** Shows the beginning of a text of more than `from` characters, unless somebody saw it being written: nothing on the screen shrinks by itself. */
export function useFold(text: string, done: boolean, from: number, shown: number): Folded {
  const [foldable] = useState(done && text.length > from);
  const [folded, setFolded] = useState(foldable);
  const end = folded ? endOfLine(text, shown) : text.length;
  return { shown: folded ? text.slice(0, end) : text, folded, foldable, hidden: text.length - end, toggle: () => { setFolded(!folded); } };
}

function endOfLine(text: string, near: number): number {
  const line = text.lastIndexOf("\n", near);
  if (line > near / 2) return line + 1;
  const word = text.lastIndexOf(" ", near);
  return word > near / 2 ? word + 1 : near;
}

export function Fold({ folded, foldable, hidden, toggle }: Folded) {
  if (!foldable) return null;
  return (
    <div class="content-fold no-print">
      <Button small kind="plain" icon={ChevronDownIcon} aria-expanded={!folded} onClick={toggle}>
        {folded ? contentText.showMore : contentText.showLess}
      </Button>
      {folded && <span>{contentText.hidden(hidden)}</span>}
    </div>
  );
}
