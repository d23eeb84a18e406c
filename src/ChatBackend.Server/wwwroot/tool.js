// One call of a tool: what is called with what, what came of it and, where it needs approval, the decision.

import { button, make, readable } from './dom.js';

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

  completed({ outcome, result, error }) {
    this.is(outcome === 'rejected' && this.#undecided ? 'expired' : outcome);
    this.#close();
    const words = error ?? readable(result);
    if (words) {
      this.node.append(make('pre', 'result', words));
    }
    this.node.open = outcome !== 'succeeded';
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
