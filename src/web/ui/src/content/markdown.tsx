import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { BlocksView } from "./block-views.js";
import { DocumentContext, MarkdownDocument } from "./document.js";
import { Fold, useFold } from "./fold.js";

const FOLDED_FROM = 100_000;
const SHOWN_FOLDED = 20_000;

export interface MarkdownProps {
  /** Only ever grows while not done; a text that does not go on from the last one starts anew. */
  readonly text: string;
  readonly done: boolean;
}

/**
 * A text in GitHub flavoured Markdown while it comes. What is complete keeps its elements and is not rendered again.
 * A text that is done and long when it is first shown is folded.
 */
export function Markdown({ text, done }: MarkdownProps) {
  const fold = useFold(text, done, FOLDED_FROM, SHOWN_FOLDED);
  return (
    <div class="content">
      <Document text={fold.shown} done={done && !fold.folded} />
      <Fold {...fold} />
    </div>
  );
}

function Document({ text, done }: MarkdownProps) {
  const [document, begin] = useState(() => read(text, done));
  const shownRef = useRef(document);
  useLayoutEffect(() => {
    if (shownRef.current.read(text, done)) return;
    shownRef.current = read(text, done);
    begin(shownRef.current);
  }, [text, done]);
  return (
    <DocumentContext.Provider value={document} key={document.prefix}>
      <BlocksView of={document.reader.root} dir="auto" key={document.prefix} />
    </DocumentContext.Provider>
  );
}

function read(text: string, done: boolean): MarkdownDocument {
  const document = new MarkdownDocument();
  document.read(text, done);
  return document;
}
