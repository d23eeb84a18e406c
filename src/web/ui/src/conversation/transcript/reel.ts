import type { Entry } from "@chatbackend/client";
import { Value } from "../value.js";
import type { Pages } from "./pages.js";
import { Scroller } from "./scroller.js";
import { all, around, AT_END, earlier, extent, later, pinned, type Window } from "./window.js";

/** So many heights of the box before an edge more is put in. */
const AHEAD = 2;

export interface Place {
  readonly window: Window;
  /** The reader is at the end, and stays there. */
  readonly following: boolean;
  /** The last entry when the reader left the end: what is after it is new. */
  readonly left?: string | undefined;
}

type Brought = (element: HTMLElement, scroller: Scroller) => void;

/** Which entries are in the page, and where the box is scrolled to. */
export class Reel extends Value<Place> {
  #entries: readonly Entry[] = [];
  #box: HTMLElement | undefined;
  #content: HTMLElement | undefined;
  #scroller: Scroller | undefined;
  #wanted: { readonly key: string; readonly then: Brought } | undefined;

  constructor(private readonly pages: Pages) {
    super({ window: AT_END, following: true });
  }

  attach(box: HTMLElement, content: HTMLElement): () => void {
    const scroller = new Scroller(box, content, {
      followingChanged: (following) => { this.#followingChanged(following); },
      scrolled: () => { this.#fill(); },
    });
    this.#box = box;
    this.#content = content;
    this.#scroller = scroller;
    return () => {
      scroller.close();
      this.#box = this.#content = this.#scroller = undefined;
    };
  }

  /** To be called when these entries, as far as the window goes, are in the page. */
  rendered(entries: readonly Entry[]): void {
    this.#entries = entries;
    if (this.#scroller === undefined) {
      return;
    }

    this.#scroller.hasTail = extent(entries, this.getSnapshot().window).to === entries.length;
    const element = this.#wanted === undefined ? null : this.#content?.querySelector<HTMLElement>(`[data-key="${CSS.escape(this.#wanted.key)}"]`);
    if (element != null) {
      this.#wanted?.then(element, this.#scroller);
      this.#wanted = undefined;
    }

    this.#scroller.settle();
  }

  /** Goes to the end and stays there. */
  follow(): void {
    this.#move(AT_END);
    if (this.#scroller !== undefined) {
      this.#scroller.hasTail = true;
      this.#scroller.follow();
    }
  }

  /** Brings an entry into the page; `then` gets its element. */
  bring(key: string, then: Brought): void {
    this.#wanted = { key, then };
    const { window } = this.getSnapshot();
    const { from, to } = extent(this.#entries, window);
    const index = this.#entries.findIndex((entry) => entry.key === key);
    this.#move(index >= from && index < to ? { ...window } : around(this.#entries, index));
  }

  showAll(): void {
    this.#move(all(this.#entries));
  }

  #move(window: Window): void {
    this.set({ ...this.getSnapshot(), window });
  }

  #followingChanged(following: boolean): void {
    const { window } = this.getSnapshot();
    this.set(following
      // Who is back at the end needs no more than a screen or two.
      ? { following, window: AT_END }
      : { following, window: pinned(this.#entries, window), left: this.#entries.at(-1)?.key });
  }

  /** Puts in more where the reader comes near an edge. */
  #fill(): void {
    const box = this.#box;
    if (box === undefined || this.#entries.length === 0) {
      return;
    }

    const { window, following } = this.getSnapshot();
    const { from, to } = extent(this.#entries, window);
    const ahead = AHEAD * box.clientHeight;
    const below = box.scrollHeight - box.clientHeight - box.scrollTop;
    if (box.scrollTop < ahead && (!following || box.scrollHeight <= ahead)) {
      if (from > 0) {
        this.#move(earlier(this.#entries, window));
      } else {
        this.pages.load();
      }
    } else if (to < this.#entries.length && below < ahead) {
      this.#move(later(this.#entries, window));
    }
  }
}
