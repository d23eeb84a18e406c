import { useMemo } from "preact/hooks";
import { linkAddress } from "./inline/addresses.js";
import { Fold, useFold } from "./fold.js";
import { Anchor } from "./inline/anchor.js";

const FOLDED_FROM = 6_000;
const SHOWN_FOLDED = 2_000;
/** So that what follows a line of its length is laid out by itself. */
const LINES = /(?:[^\n]*\n){1,40}|[^\n]+$/g;
const ADDRESS = /https?:\/\/[^\s<>"'`]*[^\s<>"'`.,:;!?()[\]{}]/g;

/** A text as a person wrote it: its line breaks are kept and its web addresses are links. A long one is folded. */
export function PlainText({ text }: { readonly text: string }) {
  const fold = useFold(text, true, FOLDED_FROM, SHOWN_FOLDED);
  const parts = useMemo(() => fold.shown.match(LINES) ?? [], [fold.shown]);
  return (
    <div class="content-plain">
      {parts.map((part, index) => <div key={index} dir="auto">{linked(part)}</div>)}
      <Fold {...fold} />
    </div>
  );
}

function linked(text: string) {
  const shown = [];
  let from = 0;
  for (const { 0: written, index } of text.matchAll(ADDRESS)) {
    const address = linkAddress(written);
    if (address === undefined) continue;
    shown.push(text.slice(from, index), <Anchor key={index} address={address} written={written}>{written}</Anchor>);
    from = index + written.length;
  }
  shown.push(text.slice(from));
  return shown;
}
