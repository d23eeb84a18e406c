// The frames as they come, for people who want to see them. A thousand deltas are one line with a number, not a thousand lines.

import { byId, make } from './dom.js';

const MAX_LOGGED = 500;

export function logFrame({ type, seq }) {
  const events = byId('events');
  const last = events.lastElementChild;
  if (seq === undefined && last?.dataset.type === type) {
    last.dataset.count = Number(last.dataset.count) + 1;
    last.textContent = `${type} × ${last.dataset.count}`;
    return;
  }
  const line = make('li', '', seq === undefined ? type : `${type} ${seq}`);
  line.dataset.type = type;
  line.dataset.count = 1;
  events.append(line);
  if (events.childElementCount > MAX_LOGGED) {
    events.firstElementChild.remove();
  }
}
