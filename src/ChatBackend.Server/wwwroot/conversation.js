// One thread as far as it is known here, and what shows it: what is in its log, in order, and below it what waits.

import { button, make } from './dom.js';
import { Message } from './message.js';
import { Run } from './run.js';

const NEW = 'New chat';
export const EXPIRED = 'Earlier messages are no longer retained.';
export const RESTORED = 'The server was restored from a backup; this conversation was reloaded.';
export const GONE = 'This conversation is not on the server any more.';
const LOST = 'Lost when the server was restored from a backup.';

export class Conversation {
  // The last event: its number, and its time, which tells it from the event that has this number in another history.
  seq = 0;
  at = null;
  title = NEW;
  // False while what was missed is still coming.
  live = false;
  #sent = new Map();
  #acknowledged = new Map();
  #messages = new Map();
  #runs = new Map();
  // What was acknowledged in a history that the server no longer has, until the present one is read.
  #doubtful = [];

  // `page` is asked for what a conversation cannot do itself: changed, scrolled, decide, resend, goOn, takeBack, putBack, discard, isOnline, me.
  constructor(threadId, page) {
    this.threadId = threadId;
    this.page = page;
    this.list = make('ol', 'messages');
    this.list.setAttribute('role', 'log');
    this.list.setAttribute('aria-label', 'Conversation');
    this.waiting = make('ol', 'waiting');
    this.waiting.setAttribute('aria-label', 'Messages that wait');
    this.node = make('div', 'conversation', this.list, this.waiting);
    this.catchUp();
  }

  get openRun() {
    return [...this.#runs.values()].findLast(run => run.open);
  }

  // The message that was acknowledged and is not seen in the log yet.
  get awaited() {
    return [...this.#acknowledged.values()].at(-1);
  }

  get partsInFlight() {
    return this.openRun?.partsInFlight ?? [];
  }

  isMine(clientId) {
    return this.#sent.has(clientId);
  }

  // Nothing that was missed is read out.
  catchUp() {
    this.live = false;
    this.list.setAttribute('aria-live', 'off');
    this.list.setAttribute('aria-busy', 'true');
  }

  caughtUp() {
    this.live = true;
    this.list.setAttribute('aria-live', 'polite');
    this.list.removeAttribute('aria-busy');
    for (const clientId of this.#doubtful.filter(id => this.#acknowledged.delete(id))) {
      this.#notSent(clientId, LOST);
    }
    this.#doubtful = [];
  }

  setOnline(isOnline) {
    this.openRun?.setOnline(isOnline);
  }

  sending(clientId, { content, when_running }) {
    const message = new Message(content);
    message.sending(when_running);
    this.#sent.set(clientId, message);
    this.waiting.append(message.node);
    this.page.scrolled(true);
  }

  acknowledged(clientId, messageId) {
    if (this.#sent.has(clientId) && !this.#messages.has(messageId)) {
      this.#acknowledged.set(clientId, messageId);
    }
  }

  dropped(clientId) {
    this.#sent.get(clientId)?.node.remove();
    this.#sent.delete(clientId);
  }

  refused(clientId, words) {
    this.#runs.forEach(run => [run.again, run.more].forEach(offered => offered && (offered.disabled = false)));
    this.#notSent(clientId, `Not sent: ${words}`);
  }

  #notSent(clientId, words) {
    const message = this.#sent.get(clientId);
    message?.is('failed', words, button('Put back', () => {
      this.dropped(clientId);
      this.page.discard(clientId);
      this.page.putBack(message.content);
    }, 'quiet'));
  }

  // Everything before is gone from the server, and so it goes from here.
  beginAt(seq, words) {
    this.catchUp();
    this.seq = seq - 1;
    this.at = null;
    this.title = NEW;
    this.#messages.clear();
    this.#runs.clear();
    this.#doubtful = words === RESTORED ? [...this.#acknowledged.keys()] : [];
    this.list.replaceChildren(make('li', 'gone', words));
    this.waiting.replaceChildren(...[...this.#sent.values()].map(message => message.node));
  }

  // False when something is missing before this event: follow again from `seq`.
  apply(event) {
    if (event.type === 'agent_delta' || event.type === 'agent_thinking') {
      const run = this.#runs.get(event.run_id);
      return run !== undefined
        && (!run.open || run.part(event.part_id, event.type === 'agent_thinking').take(event.offset, event.text, () => this.page.scrolled()));
    }
    if (event.seq > this.seq + 1) {
      return false;
    }
    if (event.seq === this.seq + 1) {
      this.seq = event.seq;
      this.at = event.at;
      this.#applyNext(event, this.#runs.get(event.parent_run_id ?? event.run_id));
      this.page.changed(this);
      this.page.scrolled();
    }
    return true;
  }

  #applyNext(event, run) {
    // Of a run that is nested the calls are shown, in the run that it is nested in: they may need a decision. What it says is that run's to use.
    if (event.parent_run_id && !/^(tool|approval)_/.test(event.type)) {
      return;
    }
    switch (event.type) {
      case 'user_message': return this.#userMessage(event);
      case 'message_removed': return this.#removed(event);
      case 'thread_rewound': return this.#rewound(event);
      case 'thread_renamed': this.title = event.title; return;
      case 'agent_started': return this.#started(event);
      case 'agent_context_trimmed': run?.trimmed(event); return;
      case 'message_steered': return this.#steered(event, run);
      case 'agent_fallback': run?.answeredBy(event.agent); return;
      case 'agent_part': run?.part(event.part_id, event.kind === 'thinking').finish(event.text); return;
      case 'tool_executing': run?.tool(event).is('running'); return;
      case 'tool_completed': run?.tool(event).completed(event); return;
      case 'approval_required': run?.tool(event).ask(event, (frame, card) => this.page.decide(this, frame, card), this.page.isOnline()); return;
      case 'approval_decided': run?.findTool(event.call_id)?.decided(event, { me: this.page.me(), live: this.live }); return;
      case 'agent_completed':
      case 'agent_stopped':
      case 'agent_failed': return this.#ended(event, run);
    }
  }

  #userMessage({ seq, message_id, client_id, content, agent, when_running }) {
    const message = this.#sent.get(client_id) ?? new Message(content);
    this.#sent.delete(client_id);
    this.#acknowledged.delete(client_id);
    Object.assign(message, { id: message_id, seq, agent });
    this.#messages.set(message_id, message);
    if (when_running) {
      message.waits(when_running, failed => this.page.takeBack(this, message_id, failed));
      this.waiting.append(message.node);
    } else {
      this.#deliver(message);
    }
  }

  // From among what waits to its place in the conversation, which is where it is answered.
  #deliver(message) {
    message.delivered(content => this.page.resend(this, message, content));
    this.list.append(message.node);
  }

  #removed({ message_id }) {
    const message = this.#messages.get(message_id);
    if (message) {
      message.is('removed');
      this.list.append(folded('removed', 'A message was taken back', [message.node]));
    }
  }

  #started({ run_id, agent, message_id }) {
    const message = this.#messages.get(message_id);
    const run = new Run(run_id, agent, message);
    this.#runs.forEach(earlier => earlier.more?.remove());
    this.#runs.set(run_id, run);
    if (message) {
      message.run = run;
      if (message.node.parentNode !== this.list) {
        this.#deliver(message);
      }
    }
    this.list.append(run.node);
  }

  #steered({ message_id }, run) {
    const message = this.#messages.get(message_id);
    if (message && run) {
      message.run = run;
      message.delivered(content => this.page.resend(this, message, content));
      run.takeIn(message.node);
    }
  }

  // What is replaced is folded away together; of a run that took a message in, only what came after.
  #rewound({ to_seq }) {
    const nodes = new Set();
    const replaced = [...this.#messages.values()].filter(message => message.seq > to_seq && !message.replaced);
    for (const message of replaced) {
      message.replace();
      const { run, node } = message;
      if (run?.answers === message) {
        run.replace();
        nodes.add(node).add(run.node);
      } else if (run && !run.replaced) {
        run.fold(node);
      } else if (!run) {
        nodes.add(node.closest('.removed') ?? node);
      }
    }
    if (nodes.size > 0) {
      const inOrder = [...this.list.children].filter(child => nodes.has(child));
      const fold = folded('replaced', replaced.length === 1 ? 'Replaced: a message and its answer' : `Replaced: ${replaced.length} messages and their answers`, []);
      (inOrder[0] ?? this.list.appendChild(make('li'))).replaceWith(fold);
      fold.querySelector('ol').append(...inOrder, ...[...nodes].filter(node => !inOrder.includes(node)));
    }
  }

  #ended(event, run) {
    if (!run) {
      return;
    }
    run.end(event, () => this.page.resend(this, run.answers, run.answers.content), () => this.page.goOn(this, run));
    if (!run.answers || run.replaced) {
      run.replace();
    }
  }
}

function folded(className, words, nodes) {
  return make('li', className, make('details', 'folded', make('summary', '', words), make('ol', '', ...nodes)));
}
