// One call of a tool: what is called with what, what came of it and, where it needs approval, the decision.

import { wholeResult } from './api.js';
import { button, make, readable } from './dom.js';

const SHOWN = 64 * 1024; // characters at a time

const WORDS = {
  running: 'running', needs_approval: 'needs your approval', approved: 'about to be called', succeeded: 'done', failed: 'failed',
  rejected: 'not called', expired: 'not called: no decision came in time', abandoned: 'broken off',
};

export class ToolCard {
  #undecided = null;
  #verdict = '';
  #mine = false;

  constructor(tool, args) {
    this.tool = tool;
    this.summary = make('summary');
    this.node = make('details', 'tool', this.summary);
    this.node.open = true;
    if (args !== undefined) {
      this.node.append(make('pre', 'arguments', readable(args)));
    }
    this.is('running');
  }

  is(outcome) {
    this.node.dataset.outcome = outcome;
    this.summary.replaceChildren(make('b', '', this.tool), ` ${WORDS[outcome] ?? outcome}${this.#verdict}`);
  }

  completed({ outcome, result, result_bytes: bytes, error, thread_id: thread, call_id: call }) {
    this.is(outcome === 'rejected' && this.#undecided ? 'expired' : outcome);
    this.#close();
    const words = error ?? readable(result);
    if (words) {
      const text = make('pre', 'result', words);
      this.node.append(text);
      if (bytes) {
        this.#offerWhole(text, bytes, () => wholeResult(thread, call));
      }
    }
    this.node.open = outcome !== 'succeeded';
  }

  // The event has the begin and the end of a large result; the whole is fetched when someone asks, and shown in parts.
  #offerWhole(text, bytes, fetchWhole) {
    let left;
    const more = button(`Show the whole result (${Math.ceil(bytes / 1024).toLocaleString()} KiB)`, async () => {
      more.disabled = true;
      try {
        if (left === undefined) {
          left = readable(await fetchWhole());
          text.textContent = '';
        }
        const end = /[\ud800-\udbff]/.test(left[SHOWN - 1] ?? '') ? SHOWN - 1 : SHOWN; // no half character
        text.append(left.slice(0, end));
        left = left.slice(end);
        more.textContent = `Show more (${left.length.toLocaleString()} characters left)`;
        more.hidden = left === '';
      } catch (problem) {
        more.textContent = `${problem.message} Try again`;
      }
      more.disabled = false;
    }, 'quiet');
    text.after(more);
  }

  // The run ended first: the call is neither decided nor made any more.
  over() {
    if (['running', 'needs_approval', 'approved'].includes(this.node.dataset.outcome)) {
      this.is('abandoned');
    }
    this.#close();
  }

  ask(event, decide, isOnline) {
    this.is('needs_approval');
    const note = make('input');
    note.setAttribute('aria-label', 'A note with the decision (optional)');
    note.placeholder = 'Note (optional)';
    const choose = (decision, words, className) => button(words, () => {
      this.#mine = true;
      this.setOnline(false);
      this.status.textContent = 'Sending the decision…';
      const frame = { type: 'decide', call_id: event.call_id, arguments_digest: event.arguments_digest, decision };
      decide(note.value.trim() ? { ...frame, note: note.value.trim() } : frame, this);
    }, className);
    const until = new Date(event.expires_at);
    const time = make('time', '', until.toLocaleTimeString());
    time.dateTime = event.expires_at;
    this.status = make('p', 'decision', 'Decide by ', time);
    this.#undecided = make('div', 'choice', note, choose('approve', 'Approve', 'primary'), choose('reject', 'Reject', ''));
    this.#undecided.setAttribute('role', 'group');
    this.#undecided.setAttribute('aria-label', `Decision about ${this.tool}`);
    this.node.append(this.status, this.#undecided);
    this.setOnline(isOnline);
  }

  // A decision needs the server; it is not queued, since its user may no longer be there then.
  setOnline(isOnline) {
    for (const control of this.#undecided?.querySelectorAll('button, input') ?? []) {
      control.disabled = !isOnline || this.#mine;
    }
  }

  decided({ decision, decided_by, note }, { me, live }) {
    const elsewhere = live && this.#undecided && !this.#mine;
    this.#close();
    this.#say(decision, decided_by, me, elsewhere, note);
  }

  // Our decision came too late, or was not taken.
  refused({ code, message, decision, decided_by }, me) {
    this.#mine = false;
    if (code === 'already_decided') {
      this.#close();
      this.#say(decision, decided_by, me, true);
    } else {
      this.status.textContent = message;
      this.setOnline(!['expired', 'no_such_run', 'not_found'].includes(code));
    }
  }

  // Beside the tool's name, where it is seen when the rest is folded away too.
  #say(decision, by, me, elsewhere, note) {
    const who = by === me ? `you${elsewhere ? ', on another device' : ''}` : by;
    const words = decision === 'approve' ? 'approved' : 'rejected';
    this.#verdict = ` · ${words} by ${who}${note ? `: ${note}` : ''}`;
    const { outcome } = this.node.dataset;
    this.is(outcome !== 'needs_approval' ? outcome : decision === 'approve' ? 'approved' : 'rejected');
  }

  #close() {
    this.#undecided?.remove();
    this.#undecided = null;
    this.status?.remove();
  }
}
