// Stays at the end while the reader is there, and leaves a reader of earlier messages alone. Layout is read when the reader scrolls
// and written once a frame, never for an event.

const NEAR = 80;
const HAND_MS = 500;

export class Scroll {
  #atEnd = true;
  #handAt = -HAND_MS;
  #planned = false;

  constructor(box, content, toEnd) {
    this.box = box;
    for (const [target, name] of [[box, 'wheel'], [box, 'touchmove'], [box, 'pointerdown'], [document, 'keydown']]) {
      target.addEventListener(name, () => { this.#handAt = performance.now(); }, { passive: true });
    }
    box.addEventListener('scroll', () => {
      // Only the reader leaves the end: what grows, or gets its real height at last, moves the place too.
      const isNear = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
      this.#atEnd = isNear || (this.#atEnd && performance.now() - this.#handAt > HAND_MS);
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
