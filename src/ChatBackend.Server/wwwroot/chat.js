// The page: wires the connection, the outbox and the conversation to what is seen.

import { Connection } from './connection.js';
import { Conversation, newId } from './conversation.js';
import { Outbox } from './outbox.js';

const MAX_LOGGED = 500;

const byId = id => document.getElementById(id);
const text = byId('text');
const threadInUrl = () => location.hash.slice(1) || null;

const connection = new Connection({ onState: showState, onEstablished: established, onFrame: received });
const outbox = new Outbox(connection);
let current = conversationFor(threadInUrl());
// The id of a follow that is under way; what comes meanwhile cannot say that something is missing.
let following = null;

outbox.restore(threadId => threadId === current.threadId ? current : new Conversation(threadId, document.createElement('ol')));
byId('composer').addEventListener('submit', send);
byId('stop').addEventListener('click', () => outbox.add(current, { type: 'stop', run_id: current.openRun }));
byId('new-chat').addEventListener('click', () => open(null));
window.addEventListener('hashchange', () => threadInUrl() !== current.threadId && open(threadInUrl()));
text.addEventListener('keydown', event => {
  // An input method's Enter chooses a word.
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    byId('composer').requestSubmit();
  }
});
connection.run();

function conversationFor(threadId) {
  const conversation = new Conversation(threadId, byId('messages'), {
    changed: show,
    decide: frame => outbox.add(conversation, frame),
  });
  return conversation;
}

function open(threadId) {
  if (current.threadId) {
    connection.send({ type: 'unfollow', id: newId('u_'), thread_id: current.threadId });
  }
  current.list = document.createElement('ol');
  byId('messages').replaceChildren();
  current = conversationFor(threadId);
  following = null;
  history.replaceState(null, '', threadId ? `#${threadId}` : location.pathname);
  notice('');
  show();
  follow();
  text.focus();
}

function follow() {
  if (current.threadId) {
    following = newId('f_');
    connection.send({ type: 'follow', id: following, thread_id: current.threadId, after_seq: current.seq, parts: current.partsInFlight });
  }
}

function send(event) {
  event.preventDefault();
  const content = text.value;
  if (content.trim() === '') {
    return;
  }
  const frame = { type: 'chat', content };
  if (byId('agent').value) {
    frame.agent = byId('agent').value;
  }
  // Bytes, as the server counts; the rest of the frame is far below 300.
  if (connection.limits && new TextEncoder().encode(JSON.stringify(frame)).length + 300 > connection.limits.max_message_bytes) {
    notice('That is too long to send.');
    return;
  }
  notice('');
  text.value = '';
  current.sending(outbox.add(current, frame), content);
}

function established({ agents, user_id }) {
  log({ type: 'connection_established', user_id });
  const select = byId('agent');
  const chosen = select.value;
  select.replaceChildren(...agents.map(agent => new Option(agent, agent)));
  select.value = agents.includes(chosen) ? chosen : agents[0];
  select.disabled = agents.length < 2;
  follow();
  outbox.flush();
}

function received(frame) {
  log(frame);
  switch (frame.type) {
    case 'ack': return acknowledged(frame);
    case 'error': return failed(frame);
    case 'caught_up': return caughtUp(frame);
    case 'pong': return;
    case 'server_draining': return showState('connecting', 'The server restarts…');
    default: return happened(frame);
  }
}

function acknowledged({ id, status, thread_id }) {
  const entry = outbox.settle(id);
  if (entry) {
    adopt(entry.conversation, thread_id);
    // A duplicate was acknowledged to an earlier connection; this one does not follow yet.
    if (status === 'duplicate' && entry.frame.type === 'chat' && entry.conversation === current) {
      follow();
    }
    outbox.flush();
  }
}

function adopt(conversation, threadId) {
  if (conversation.threadId || !threadId) {
    return;
  }
  conversation.threadId = threadId;
  if (conversation === current) {
    history.replaceState(null, '', `#${threadId}`);
  } else {
    connection.send({ type: 'unfollow', id: newId('u_'), thread_id: threadId });
  }
}

function failed({ id, code, message, retry_after_ms }) {
  const mayPass = code === 'unavailable' || code === 'rate_limited';
  if (id && id === following) {
    if (mayPass) {
      setTimeout(follow, retry_after_ms ?? 2_000);
    } else {
      open(null);
      notice('That conversation is not here, or is not yours.');
    }
  } else if (outbox.has(id)) {
    if (mayPass) {
      outbox.again(id, retry_after_ms);
      return;
    }
    outbox.settle(id).conversation.refused(id);
    outbox.flush();
    // A run that ended by itself just before was stopped as wanted.
    notice(code === 'no_such_run' ? '' : message);
  } else {
    notice(message);
  }
}

function caughtUp({ thread_id }) {
  if (thread_id === current.threadId) {
    following = null;
  }
}

function happened(event) {
  if (event.type === 'user_message' && current.isMine(event.client_id)) {
    adopt(current, event.thread_id);
  }
  if (event.thread_id === current.threadId && !current.apply(event) && following === null) {
    follow();
  }
}

function show() {
  byId('stop').disabled = current?.openRun === undefined;
  byId('title').textContent = current.title;
  document.title = current.title;
}

function showState(state, words) {
  byId('connection').dataset.state = state;
  byId('connection').textContent = words;
}

function notice(words) {
  byId('notice').textContent = words;
  byId('notice').hidden = words === '';
}

function log({ type, seq }) {
  const events = byId('events');
  const last = events.lastElementChild;
  // A thousand deltas are one line with a number, not a thousand lines.
  if (seq === undefined && last?.dataset.type === type) {
    last.dataset.count = Number(last.dataset.count) + 1;
    last.textContent = `${type} × ${last.dataset.count}`;
    return;
  }
  const line = document.createElement('li');
  line.dataset.type = type;
  line.dataset.count = 1;
  line.textContent = seq === undefined ? type : `${type} ${seq}`;
  events.append(line);
  if (events.childElementCount > MAX_LOGGED) {
    events.firstElementChild.remove();
  }
}
