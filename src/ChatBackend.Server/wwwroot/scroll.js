// Stays at the end while the reader is there, and leaves a reader of earlier messages alone. Layout is read when the reader scrolls
// and written once a frame, never for an event.

const NEAR = 80;

export class Scroll {
  #atEnd = true;
  #planned = false;

  constructor(box, toEnd) {
    this.box = box;
    this.toEnd = toEnd;
    box.addEventListener('scroll', () => {
      this.#atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
      toEnd.hidden = this.#atEnd;
    }, { passive: true });
    toEnd.addEventListener('click', () => this.follow(true));
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
