import type { ComponentChildren } from "preact";
import { useLayoutEffect, useReducer } from "preact/hooks";
import { contentText } from "../../text/content.js";
import type { Footnote } from "../blocks/blocks.js";
import type { Labels } from "../blocks/references.js";
import { useDocument } from "../document.js";
import { decodeEntities } from "./entities.js";
import type { ReferenceToken } from "./lexer.js";
import { ImageView, LinkView } from "./links.js";

/** The definition of a label, which may come after what refers to it. */
function useDefinition<T>(labels: Labels<T>, label: string): T | undefined {
  const [, render] = useReducer((count: number) => count + 1, 0);
  const definition = labels.get(label);
  const missing = definition === undefined;
  useLayoutEffect(() => missing ? labels.listen(label, () => { render(undefined); }) : undefined, [labels, label, missing]);
  return definition;
}

export function ReferenceView({ token, children }: { readonly token: ReferenceToken; readonly children: ComponentChildren }) {
  const definition = useDefinition(useDocument().reader.definitions, token.label);
  if (definition === undefined) return <>{token.image ? "![" : "["}{children}]{decodeEntities(token.rest)}</>;
  if (token.image) return <ImageView address={definition.address} title={definition.title} alt={token.text} />;
  return <LinkView address={definition.address} title={definition.title} written={token.text}>{children}</LinkView>;
}

export function FootnoteMark({ label, written }: { readonly label: string; readonly written: string }) {
  const { reader, prefix } = useDocument();
  const note = useDefinition(reader.notes, label);
  if (note === undefined) return <>{written}</>;
  const id = `${prefix}-note-${note.number}`;
  return (
    <sup>
      <a href={`#${id}`} class="content-mark" aria-label={contentText.footnote(note.number)} onClick={(event) => { goTo(event, id); }}>{note.number}</a>
    </sup>
  );
}

/** Goes to an element of the text without changing the page's address. */
export function goTo(event: Event, id: string): void {
  event.preventDefault();
  const target = document.getElementById(id);
  target?.scrollIntoView({ block: "nearest" });
  target?.focus({ preventScroll: true });
}

/** A footnote, where it was written, with its number. */
export function FootnoteNumber({ note, children }: { readonly note: Footnote; readonly children: ComponentChildren }) {
  const { reader, prefix } = useDocument();
  // Of two with the same label the first one is meant.
  const id = reader.notes.get(note.label) === note ? { id: `${prefix}-note-${note.number}` } : {};
  return (
    <div class="content-note" role="note" aria-label={contentText.footnote(note.number)} tabIndex={-1} {...id}>
      <span class="content-number">{note.number}.</span>
      <div>{children}</div>
    </div>
  );
}
