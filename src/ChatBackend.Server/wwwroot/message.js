// One message of the user, from the moment it is sent here or seen in the thread.

import { button, make } from './dom.js';

const WAITS = {
  queue: 'Waits until the answer is complete',
  steer: 'Goes into the answer at its next step',
  interrupt: 'Interrupts, and is answered next',
};

export class Message {
  id = null;
  seq = null;
  replaced = false;
  // The run that answers it or took it in.
  run = null;

  constructor(content) {
    this.content = content;
    this.text = make('p', 'content', content);
    this.note = make('p', 'note');
    this.foot = make('div', 'foot', this.note);
    this.node = make('li', 'user', this.text, this.foot);
  }

  is(state, note = '', ...tools) {
    this.node.dataset.state = state;
    this.note.textContent = note;
    this.foot.replaceChildren(this.note, ...tools);
  }

  sending(whenRunning) {
    this.is('sending', 'Sending…');
    this.when = whenRunning;
  }

  waits(whenRunning, takeBack) {
    const remove = button('Remove', () => {
      remove.disabled = true;
      takeBack(() => { remove.disabled = false; });
    }, 'quiet');
    remove.setAttribute('aria-label', `Remove the waiting message: ${this.content}`);
    this.is('waiting', WAITS[whenRunning] ?? 'Waits', remove);
  }

  delivered(edit) {
    this.is('delivered', '', button('Edit', () => this.#edit(edit), 'quiet'));
  }

  // In its place, so that what it was answered with stays in sight.
  #edit(save) {
    const box = make('textarea');
    box.value = this.content;
    box.setAttribute('aria-label', 'New wording');
    const close = () => {
      form.remove();
      this.text.hidden = this.foot.hidden = false;
      this.foot.querySelector('button')?.focus();
    };
    const form = make('form', 'edit', box, make('div', 'foot', button('Cancel', close, 'quiet'), make('button', 'primary', 'Send again')));
    form.addEventListener('submit', event => {
      event.preventDefault();
      if (box.value.trim() !== '') {
        close();
        save(box.value);
      }
    });
    box.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        close();
      } else if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        form.requestSubmit();
      }
    });
    this.text.hidden = this.foot.hidden = true;
    this.node.append(form);
    box.focus();
  }

  // Still to be read, not to be used.
  replace() {
    this.replaced = true;
    this.node.querySelector('form')?.remove();
    this.text.hidden = this.foot.hidden = false;
    this.is('replaced');
  }
}
