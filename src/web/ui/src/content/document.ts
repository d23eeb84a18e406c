import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { Reader } from "./blocks/reader.js";

let documents = 0;

/** A Markdown text and what was read of it so far. */
export class MarkdownDocument {
  /** Begins every id that this document gives out, so that no content can name an element of the page or of another text. */
  readonly prefix = `text-${documents++}`;
  readonly reader = new Reader();
  #text = "";
  #done = false;

  /** Reads what came since the last call; `false` if the text does not go on from what was read. */
  read(text: string, done: boolean): boolean {
    if (text.length < this.#text.length || text.slice(0, this.#text.length) !== this.#text) return false;
    if (this.#done) return text.length === this.#text.length && done;
    if (text.length > this.#text.length) this.reader.append(text.slice(this.#text.length));
    this.#text = text;
    if (done) {
      this.#done = true;
      this.reader.end();
    }
    return true;
  }
}

export const DocumentContext = createContext<MarkdownDocument | undefined>(undefined);

export function useDocument(): MarkdownDocument {
  const document = useContext(DocumentContext);
  if (document === undefined) throw new Error("This component is shown within <Markdown> only.");
  return document;
}
