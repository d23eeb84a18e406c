// One stretch of text, addressed by position. It is appended once a frame, so that a fast model costs no more than a slow one.

import { make } from './dom.js';

export class Part {
  #waiting = '';

  constructor(runId, thinking) {
    this.runId = runId;
    this.length = 0;
    this.done = false;
    this.text = make('p', 'text');
    this.node = thinking ? make('details', 'thinking', make('summary', '', 'Thinking'), this.text) : this.text;
    this.node.open = true;
  }

  // Drops what is here already, appends the rest. False when something is missing before it.
  take(offset, text, shown) {
    if (offset > this.length) {
      return false;
    }
    const news = text.slice(this.length - offset);
    if (news !== '') {
      this.length += news.length;
      if (this.#waiting === '') {
        requestAnimationFrame(() => {
          this.#show();
          shown();
        });
      }
      this.#waiting += news;
    }
    return true;
  }

  // The durable text: the same, or the rest had not come, or the server died and lost the end.
  finish(text) {
    this.length = text.length;
    this.#waiting = '';
    if (this.text.textContent !== text) {
      this.text.textContent = text;
    }
    this.done = true;
    this.node.open = false;
  }

  #show() {
    if (this.#waiting !== '') {
      this.text.append(this.#waiting);
      this.#waiting = '';
    }
  }
}
