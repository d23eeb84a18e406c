// One thread as far as it is known here, and what shows it. What the server sends is data: it becomes text, never markup.

export const newId = prefix =>
  prefix + Array.from(crypto.getRandomValues(new Uint8Array(12)), byte => byte.toString(16).padStart(2, '0')).join('');

function make(tag, className, ...content) {
  const node = document.createElement(tag);
  node.className = className;
  node.append(...content);
  return node;
}

// One stretch of text, addressed by position. It is appended once a frame, so that a fast model costs no more than a slow one.
class Part {
  constructor(runId, thinking) {
    this.runId = runId;
    this.length = 0;
    this.done = false;
    this.waiting = '';
    this.text = make('p', 'text');
    this.node = thinking ? make('details', 'thinking', make('summary', '', 'Thinking'), this.text) : this.text;
    this.node.open = true;
  }

  // Drops what is here already, appends the rest. False when something is missing before it.
  take(offset, text, show) {
    if (offset > this.length) {
      return false;
    }
    const news = text.slice(this.length - offset);
    if (news !== '') {
      this.length += news.length;
      if (this.waiting === '') {
        requestAnimationFrame(() => show(this));
      }
      this.waiting += news;
    }
    return true;
  }

  // The durable text: the same, or the rest had not come, or the server died and lost the end.
  finish(text) {
    if (text.length < this.length) {
      this.text.replaceChildren();
      this.length = 0;
      this.waiting = '';
    }
    this.take(0, text, () => this.show());
    this.show();
    this.done = true;
    this.node.open = false;
  }

  show() {
    if (this.waiting !== '') {
      this.text.append(this.waiting);
      this.waiting = '';
    }
  }
}

export class Conversation {
  seq = 0;
  title = 'New chat';
  #sent = new Map();
  #runs = new Map();
  #parts = new Map();
  #tools = new Map();

  // `changed` is called when title or business may have; `decide` with a decision about a tool call.
  constructor(threadId, list, { changed = () => {}, decide = () => {} } = {}) {
    this.threadId = threadId;
    this.list = list;
    this.changed = changed;
    this.decide = decide;
  }

  get openRun() {
    return [...this.#runs].findLast(([, run]) => run.open)?.[0];
  }

  get partsInFlight() {
    return [...this.#parts].filter(([, part]) => !part.done).map(([part_id, { length }]) => ({ part_id, length }));
  }

  isMine(clientId) {
    return this.#sent.has(clientId);
  }

  sending(clientId, content) {
    const node = make('li', 'user', content);
    node.dataset.state = 'sending';
    this.#sent.set(clientId, node);
    this.#change(() => this.list.append(node));
  }

  refused(clientId) {
    const node = this.#sent.get(clientId);
    if (node) {
      node.dataset.state = 'failed';
    }
  }

  // False when something is missing before this event: follow again from `seq`.
  apply(event) {
    if (event.type === 'agent_delta' || event.type === 'agent_thinking') {
      return this.#runs.has(event.run_id)
        && this.#part(event, event.type === 'agent_thinking').take(event.offset, event.text, part => this.#change(() => part.show()));
    }
    if (event.seq > this.seq + 1) {
      return false;
    }
    if (event.seq === this.seq + 1) {
      this.seq = event.seq;
      this.#change(() => this.#applyNext(event));
      this.changed();
    }
    return true;
  }

  #applyNext(event) {
    switch (event.type) {
      case 'user_message': return this.#userMessage(event);
      case 'agent_started': return this.#started(event);
      case 'agent_part': return this.#finishPart(event, event.text, event.kind === 'thinking');
      case 'tool_executing': return this.#tool(event, 'running');
      case 'tool_completed': return this.#toolCompleted(event);
      case 'approval_required': return this.#approvalRequired(event);
      case 'approval_decided': return this.#approvalDecided(event);
      case 'agent_completed': return this.#ended(event, 'completed', 'Completed');
      case 'agent_stopped': return this.#ended(event, 'stopped', 'Stopped');
      case 'agent_failed': return this.#ended(event, 'failed', `Failed: ${event.message}`);
      case 'thread_renamed': this.title = event.title;
    }
  }

  #userMessage({ client_id, content }) {
    const node = this.#sent.get(client_id) ?? make('li', 'user', content);
    node.dataset.state = 'delivered';
    // Moved to the end: its place is where the thread has it, which is after what came while it was on its way.
    this.list.append(node);
    this.#sent.delete(client_id);
  }

  #started({ run_id, agent }) {
    const node = make('li', 'run', make('p', 'who', agent));
    node.setAttribute('aria-busy', 'true');
    this.#runs.set(run_id, { node, open: true });
    this.list.append(node);
  }

  #part({ run_id, part_id }, thinking) {
    let part = this.#parts.get(part_id);
    if (!part) {
      part = new Part(run_id, thinking);
      this.#parts.set(part_id, part);
      this.#runs.get(run_id)?.node.append(part.node);
    }
    return part;
  }

  #finishPart(event, text, thinking = false) {
    this.#part(event, thinking).finish(text);
  }

  #tool({ run_id, call_id, tool, arguments: args }, state) {
    let box = this.#tools.get(call_id);
    if (!box) {
      box = make('details', 'tool', make('summary', ''), make('pre', 'arguments', JSON.stringify(args)));
      box.open = true;
      box.dataset.tool = tool;
      this.#tools.set(call_id, box);
      this.#runs.get(run_id)?.node.append(box);
    }
    box.dataset.outcome = state;
    box.firstChild.textContent = `${box.dataset.tool}: ${state.replace('_', ' ')}`;
    return box;
  }

  #toolCompleted(event) {
    const box = this.#tool(event, event.outcome);
    box.querySelector('.choice')?.remove();
    const result = typeof event.result === 'string' ? event.result : JSON.stringify(event.result);
    box.append(make('pre', 'result', event.error ?? result ?? ''));
  }

  #approvalRequired(event) {
    const choice = make('p', 'choice');
    for (const [decision, words] of [['approve', 'Approve'], ['reject', 'Reject']]) {
      const button = make('button', '', words);
      button.type = 'button';
      button.addEventListener('click', () =>
        this.decide({ type: 'decide', call_id: event.call_id, arguments_digest: event.arguments_digest, decision }));
      choice.append(button);
    }
    this.#tool(event, 'needs_approval').append(choice);
  }

  #approvalDecided(event) {
    const box = this.#tools.get(event.call_id);
    box?.querySelector('.choice')?.remove();
    box?.append(make('p', '', event.decision === 'approve' ? 'Approved' : 'Rejected'));
  }

  #ended(event, outcome, words) {
    if (event.part_id && event.content !== undefined) {
      this.#finishPart(event, event.content);
    }
    for (const part of this.#parts.values()) {
      // Said, but lost when the server died: not part of the thread.
      if (part.runId === event.run_id && !part.done) {
        part.done = true;
        part.node.remove();
      }
    }
    const run = this.#runs.get(event.run_id);
    if (run) {
      const state = make('p', 'state', words);
      state.dataset.outcome = outcome;
      run.node.append(state);
      run.node.removeAttribute('aria-busy');
      run.open = false;
    }
  }

  // Stays at the end while the reader is there, and leaves a reader of earlier messages alone.
  #change(change) {
    const { list } = this;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
    change();
    if (atEnd) {
      list.scrollTop = list.scrollHeight;
    }
  }
}
