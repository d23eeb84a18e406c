// Where messages are written. A draft is kept for each user and conversation, over a refresh too.

import { byId } from './dom.js';

export class Composer {
  #user = null;
  #thread = null;
  #busy = false;

  // `send` takes { content, agent?, when_running? } and says whether it took it; `stop` ends what is going on.
  constructor({ send, stop }) {
    this.text = byId('text');
    this.agent = byId('agent');
    this.stop = byId('stop');
    this.when = byId('when');
    this.stop.addEventListener('click', () => {
      this.stop.disabled = true; // until something changes
      stop();
    });
    this.text.addEventListener('input', () => this.#keep());
    this.text.addEventListener('keydown', event => {
      // An input method's Enter chooses a word.
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        byId('composer').requestSubmit();
      }
    });
    byId('composer').addEventListener('submit', event => {
      event.preventDefault();
      // Emptied at once: the same press twice finds nothing to send.
      const content = this.text.value;
      if (content.trim() !== '' && send(this.#frame(content))) {
        this.#set('');
      }
    });
  }

  focus() {
    this.text.focus();
  }

  // What was written before a user was known belongs to the first one who signs in; what another user wrote stays theirs.
  setUser(userId) {
    if (this.#user === userId) {
      return;
    }
    const early = this.#user === null ? this.text.value : '';
    if (this.#user === null) {
      sessionStorage.removeItem(this.#key(this.#thread));
    }
    this.#user = userId;
    this.show(this.#thread);
    if (this.text.value === '' && early) {
      this.#set(early);
    }
  }

  // Shows the draft of a thread; a thread that just got its id keeps what is being written.
  show(threadId, keepsText = false) {
    const draft = keepsText ? this.text.value : sessionStorage.getItem(this.#key(threadId)) ?? '';
    if (keepsText) {
      sessionStorage.removeItem(this.#key(this.#thread));
    }
    this.#thread = threadId;
    this.#set(draft);
  }

  putBack(content) {
    this.#set(this.text.value.trim() === '' ? content : `${content}\n${this.text.value}`);
    this.focus();
  }

  // While something is going on a message can wait, join in or interrupt; the next time it waits again unless one says otherwise.
  setBusy(isBusy, mayStop) {
    if (this.#busy !== isBusy) {
      this.#busy = isBusy;
      this.when.hidden = !isBusy;
      this.when.querySelector('input').checked = true;
    }
    this.stop.disabled = !mayStop;
  }

  setAgents(agents) {
    const chosen = this.agent.value;
    this.agent.replaceChildren(...agents.map(agent => new Option(agent, agent)));
    this.agent.value = agents.includes(chosen) ? chosen : agents[0];
    this.agent.disabled = agents.length < 2;
  }

  #frame(content) {
    const frame = { content };
    if (this.agent.value) {
      frame.agent = this.agent.value;
    }
    if (this.#busy) {
      frame.when_running = this.when.querySelector('input:checked').value;
    }
    return frame;
  }

  #set(value) {
    this.text.value = value;
    this.#keep();
  }

  #keep() {
    if (this.text.value === '') {
      sessionStorage.removeItem(this.#key(this.#thread));
    } else {
      sessionStorage.setItem(this.#key(this.#thread), this.text.value);
    }
  }

  #key(threadId) {
    return `chat.draft.${this.#user ?? ''}.${threadId ?? 'new'}`;
  }
}
