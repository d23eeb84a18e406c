// One answer of an agent: its parts, its tool calls and the messages it took in, in the order they came.

import { button, make } from './dom.js';
import { Part } from './part.js';
import { ToolCard } from './tool.js';

const FINISHES = {
  length: 'Cut off: the model says no more at once',
  content_filter: 'Cut off by the filter of the model’s provider',
  refusal: 'The model refused',
  empty: 'The model said nothing',
};

const ENDS = {
  agent_completed: ({ finish }) => ['completed', FINISHES[finish] ?? 'Completed'],
  agent_stopped: ({ reason }) => ['stopped', { user: 'Stopped', interrupted_by_message: 'Interrupted by a message', budget: 'Stopped: it used up what one answer may use' }[reason] ?? 'Stopped'],
  agent_failed: ({ message }) => ['failed', `Failed: ${message}`],
};

export class Run {
  open = true;
  replaced = false;
  #parts = new Map();
  #tools = new Map();

  constructor(id, agent, answers) {
    this.id = id;
    this.answers = answers;
    this.body = make('div', 'body');
    this.who = make('p', 'who', agent);
    this.node = make('li', 'run', this.who, this.body);
    this.node.setAttribute('aria-busy', 'true');
  }

  get partsInFlight() {
    return [...this.#parts].filter(([, part]) => !part.done && part.length > 0).map(([part_id, { length }]) => ({ part_id, length }));
  }

  part(partId, thinking) {
    let part = this.#parts.get(partId);
    if (!part) {
      part = new Part(this.id, thinking);
      this.#parts.set(partId, part);
      this.body.append(part.node);
    }
    return part;
  }

  tool({ call_id, tool, arguments: args }) {
    let card = this.#tools.get(call_id);
    if (!card) {
      card = new ToolCard(tool, args);
      this.#tools.set(call_id, card);
      this.body.append(card.node);
    }
    return card;
  }

  findTool(callId) {
    return this.#tools.get(callId);
  }

  setOnline(isOnline) {
    this.#tools.forEach(card => card.setOnline(isOnline));
  }

  // Another agent's model, since that of this run's agent is not available.
  answeredBy(agent) {
    this.who.append(make('span', 'instead', ` answered by ${agent}`));
  }

  // The conversation is longer than the model takes at once.
  trimmed({ exchanges, results, summary }) {
    const what = [
      ...(exchanges > 0 ? [exchanges === 1 ? 'the oldest exchange is left out' : `the ${exchanges} oldest exchanges are left out`] : []),
      ...(results > 0 ? [results === 1 ? 'one result of a tool is shortened' : `${results} results of tools are shortened`] : []),
    ];
    this.body.append(make('p', 'trimmed', `Longer than the model takes: from here on ${what.join(', ')} for it.`));
    if (summary) {
      this.body.append(make('details', 'trimmed', make('summary', '', 'What it is shown in their place'), make('p', '', summary)));
    }
  }

  takeIn(messageNode) {
    this.body.append(make('ol', 'taken', messageNode));
  }

  // What came after a message that it took in was said knowing it, and is replaced with it.
  fold(messageNode) {
    const from = messageNode.closest('.taken');
    if (from.closest('.folded')) {
      return;
    }
    const inner = make('div', 'body');
    const fold = make('details', 'folded', make('summary', '', 'Replaced from here on'), inner);
    from.before(fold);
    while (fold.nextSibling) {
      inner.append(fold.nextSibling);
    }
    // What is still to come comes after it too.
    this.body = this.body.contains(inner) ? inner : this.body;
  }

  // `again` is offered with the words for it, and `more` where the answer was cut at a limit.
  end(event, again, more) {
    if (event.part_id && event.content !== undefined) {
      this.part(event.part_id, false).finish(event.content);
    }
    for (const part of this.#parts.values()) {
      // Said, but lost when the server died: not part of the thread.
      if (!part.done) {
        part.done = true;
        part.node.remove();
      }
    }
    this.#tools.forEach(card => card.over());
    const [outcome, words] = ENDS[event.type](event);
    const state = make('p', 'state', words);
    state.dataset.outcome = outcome;
    const foot = make('div', 'foot', state);
    const begun = (event.side_effects ?? []).map(({ tool, outcome: ended }) => `${tool} (${ended})`);
    if (begun.length > 0) {
      foot.append(make('p', 'effects', `Begun before it ended: ${begun.join(', ')}`));
    }
    this.again = button(event.type === 'agent_failed' ? 'Try again' : 'Regenerate', again, 'quiet');
    foot.append(this.again);
    if (event.finish === 'length' || event.reason === 'budget') {
      this.more = button('Continue', more, 'quiet');
      foot.append(this.more);
    }
    this.node.append(foot);
    this.node.removeAttribute('aria-busy');
    this.open = false;
  }

  // Still to be read, not to be used.
  replace() {
    this.replaced = true;
    this.again?.remove();
    this.more?.remove();
  }
}
