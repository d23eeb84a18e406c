import { Anchor } from "./anchor.js";

/** So close to the end counts as being there. */
const AT_END = 24;

/** What opens and closes in place; a menu's button moves nothing. */
const FOLD = "[aria-expanded]:not([aria-haspopup], [popovertarget]), summary";

/**
 * Keeps a scrolling box where its reader wants it: at the end while they follow, otherwise with what they read in the same place, whatever
 * grows, shrinks or is inserted above. Layout is read when the reader scrolls and after it changed anyway, never for a delta.
 */
export class Scroller {
  #following = true;
  #top = 0;
  #height = 0;
  #anchor: Anchor | undefined;
  /** What the reader has just opened or closed stays where it is. */
  #held: Anchor | undefined;
  /** False while the content ends before the conversation does: then its end is no place to stay at. */
  hasTail = true;
  readonly #observer: ResizeObserver;
  readonly #stop = new AbortController();

  /** `changed` is called when the reader leaves the end or is back at it, and `scrolled` after each scroll. */
  constructor(
    private readonly box: HTMLElement,
    private readonly content: HTMLElement,
    private readonly events: { readonly followingChanged: (following: boolean) => void; readonly scrolled: () => void },
  ) {
    const options = { passive: true, signal: this.#stop.signal };
    box.addEventListener("scroll", () => { this.#scrolled(); }, options);
    box.addEventListener("wheel", (event) => { this.#wheeled(event); }, options);
    content.addEventListener("click", (event) => { this.#pressed(event); }, options);
    document.addEventListener("selectionchange", () => { this.#selected(); }, options);
    this.#observer = new ResizeObserver(() => { this.settle(); });
    this.#observer.observe(box);
    this.#observer.observe(content);
  }

  get following(): boolean {
    return this.#following;
  }

  /** Distance from the start of the content, in pixels. */
  get top(): number {
    return this.#top;
  }

  /** Goes to the end and stays there. */
  follow(): void {
    this.#held = undefined;
    this.#setFollowing(true);
    this.#toEnd();
  }

  /** Shows this element in the upper third, and lets go of the end, also where it is the end by now: there may be more to come. */
  show(element: HTMLElement): void {
    this.#setFollowing(false);
    const offset = element.getBoundingClientRect().top - this.box.getBoundingClientRect().top;
    this.#moveTo(this.box.scrollTop + offset - this.box.clientHeight / 5);
    this.#held = undefined;
    this.#anchor = Anchor.of(element, this.box);
  }

  /**
   * To be called when entries were put in or taken out; what else changes height is observed. That is after layout and before it is painted,
   * so nothing is seen to move.
   */
  settle(): void {
    const anchor = this.#held?.isConnected === true ? this.#held : this.#anchor;
    if (this.#held?.isConnected === true) {
      this.#moveTo(this.box.scrollTop + this.#held.moved(this.box));
      const toEnd = this.box.scrollHeight - this.box.clientHeight - this.box.scrollTop;
      this.#setFollowing(toEnd <= AT_END && this.hasTail);
      this.#held = this.#following ? undefined : this.#held;
    } else if (this.#following) {
      this.#toEnd();
    } else if (anchor?.isConnected === true) {
      this.#moveTo(this.box.scrollTop + anchor.moved(this.box));
    }

    this.#height = this.box.scrollHeight;
    if (!this.#following && anchor?.isConnected !== true) {
      this.#anchor = Anchor.atTopOf(this.box, this.content);
    }

    this.events.scrolled();
  }

  close(): void {
    this.#stop.abort();
    this.#observer.disconnect();
  }

  #setFollowing(following: boolean): void {
    if (this.#following !== following) {
      this.#following = following;
      this.events.followingChanged(following);
    }
  }

  #scrolled(): void {
    const top = this.box.scrollTop;
    const height = this.box.scrollHeight;
    const toEnd = height - this.box.clientHeight - top;
    const moved = top - this.#top;
    // The browser itself moves the place up when the content became shorter: then the reader is still at the end.
    if (moved < -0.5 && toEnd > 1 && height >= this.#height) {
      this.#setFollowing(false);
    } else if (moved > 0.5 && toEnd <= AT_END && this.hasTail) {
      this.#setFollowing(true);
    }

    this.#top = top;
    this.#height = height;
    // What this class itself has moved tells nothing about the reader.
    if (Math.abs(moved) > 0.5) {
      this.#held = undefined;
      this.#keep(moved);
      this.#anchor = this.#following ? undefined : Anchor.atTopOf(this.box, this.content);
    }

    this.events.scrolled();
  }

  /** What changed above while the reader was scrolling must not be taken for their doing. */
  #keep(scrolled: number): void {
    const shift = !this.#following && this.#anchor?.isConnected === true ? this.#anchor.moved(this.box) + scrolled : 0;
    if (Math.abs(shift) >= 1) {
      this.#moveTo(this.box.scrollTop + shift);
    }
  }

  /** Before the browser has scrolled, so that text that arrives meanwhile does not pull the reader back. */
  #wheeled(event: WheelEvent): void {
    if (event.deltaY < 0 && !event.ctrlKey && this.box.scrollTop > 0) {
      this.#release();
    }
  }

  #selected(): void {
    const selection = document.getSelection();
    if (selection !== null && !selection.isCollapsed && this.#following && this.content.contains(selection.anchorNode)) {
      this.#release();
    }
  }

  #release(): void {
    this.#setFollowing(false);
    this.#anchor = Anchor.atTopOf(this.box, this.content);
  }

  #pressed(event: Event): void {
    const control = event.target instanceof Element ? event.target.closest<HTMLElement>(FOLD) : null;
    if (control !== null) {
      this.#held = Anchor.of(control, this.box);
    }
  }

  #toEnd(): void {
    this.#moveTo(this.box.scrollHeight - this.box.clientHeight);
  }

  #moveTo(top: number): void {
    if (Math.abs(top - this.box.scrollTop) >= 0.5) {
      this.box.scrollTop = top;
    }

    this.#top = this.box.scrollTop;
    this.#height = this.box.scrollHeight;
  }
}
