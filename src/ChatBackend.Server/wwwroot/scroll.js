// Stays at the end while the reader is there, and leaves a reader of earlier messages alone. Layout is read when the reader scrolls
// and written once a frame, never for an event.

const NEAR = 80;

export class Scroll {
  #atEnd = true;
  #top = 0;
  #planned = false;

  constructor(box, content, toEnd) {
    this.box = box;
    box.addEventListener('scroll', () => {
      // Only who scrolls up leaves the end: what grows below, or gets its real height above, leaves nobody.
      const isNear = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
      this.#atEnd = isNear || (this.#atEnd && box.scrollTop >= this.#top);
      this.#top = box.scrollTop;
      toEnd.hidden = this.#atEnd;
    }, { passive: true });
    toEnd.addEventListener('click', () => this.follow(true));
    new ResizeObserver(() => this.follow()).observe(content);
  }

  // Something was added. `always`: by the reader, who wants to see it.
  follow(always = false) {
    this.#atEnd ||= always;
    if (!this.#planned && this.#atEnd) {
      this.#planned = true;
      requestAnimationFrame(() => {
        this.#planned = false;
        if (this.#atEnd) {
          this.box.scrollTop = this.box.scrollHeight;
        }
      });
    }
  }
}
