// The page: wires connection, outbox, conversation, composer and list to each other.

import { Composer } from './composer.js';
import { Connection } from './connection.js';
import { Conversation, EXPIRED, GONE, RESTORED } from './conversation.js';
import { byId, newId } from './dom.js';
import { logFrame } from './eventlog.js';
import { Outbox } from './outbox.js';
import { Scroll } from './scroll.js';
import { knownSession, onOtherUser } from './session.js';
import { Threads } from './threads.js';

const OTHER_BYTES = 400; // of a chat frame, around its content

const threadInUrl = () => location.hash.slice(1) || null;
const isOnline = () => connection.epoch !== 0;

let me = knownSession()?.user_id ?? null;
// The id of a follow that is under way; what comes meanwhile cannot say that something is missing.
let following = null;
// A follow that says where the conversation is has still to be sent. What comes before that may be of another history.
let followDue = true;
// What sent decisions are about, until they are answered.
const deciding = new Map();

const connection = new Connection({ onState: showState, onEstablished: established, onFrame: received });
const outbox = new Outbox(connection);
const scroll = new Scroll(byId('scroll'), byId('conversation'), byId('to-end'));
const composer = new Composer({ send: frame => send(current, frame), stop });
const threads = new Threads({ deleted: threadId => leave(threadId, 'The conversation was deleted.'), failed: notice });
const page = {
  isOnline,
  me: () => me,
  changed: conversation => conversation === current && show(),
  scrolled: always => scroll.follow(always),
  putBack: content => composer.putBack(content),
  discard: clientId => outbox.settle(clientId),
  decide: (conversation, frame, card) => deciding.set(outbox.add(conversation, frame), { card }),
  takeBack: (conversation, message_id, failed) => deciding.set(outbox.add(conversation, { type: 'stop', message_id }), { failed }),
  resend,
  goOn,
};
let current = new Conversation(threadInUrl(), page);

byId('conversation').append(current.node);
byId('new-chat').addEventListener('click', () => open(null));
byId('toggle').addEventListener('click', () => showThreads(document.body.dataset.threads !== 'open'));
byId('shade').addEventListener('click', () => showThreads(false));
window.addEventListener('hashchange', () => threadInUrl() !== current.threadId && open(threadInUrl()));
document.addEventListener('visibilitychange', () => document.hidden || threads.refresh());
document.addEventListener('keydown', ({ key }) => key === 'Escape' && showThreads(false));
onOtherUser(() => me, () => connection.restart());
if (me) {
  composer.setUser(me);
  outbox.restore(me, conversationOf);
}
composer.show(current.threadId);
threads.show(current.threadId);
show();
connection.run();

function conversationOf(threadId) {
  return threadId === current.threadId ? current : outbox.conversationOf(threadId) ?? new Conversation(threadId, page);
}

// What waits to be sent there is shown there again.
function open(threadId, conversation = outbox.conversationOf(threadId) ?? new Conversation(threadId, page)) {
  if (current.threadId) {
    connection.send({ type: 'unfollow', id: newId('u_'), thread_id: current.threadId });
  }
  current = conversation;
  current.catchUp();
  byId('conversation').replaceChildren(current.node);
  following = null;
  if (threadInUrl() !== threadId) {
    history.pushState(null, '', threadId ? `#${threadId}` : location.pathname);
  }
  notice('');
  showThreads(false);
  threads.show(threadId);
  composer.show(threadId);
  show();
  scroll.follow(true);
  follow();
  composer.focus();
}

function follow() {
  if (current.threadId) {
    following = newId('f_');
    const { threadId: thread_id, seq: after_seq, at, partsInFlight: parts } = current;
    followDue = !connection.send({ type: 'follow', id: following, thread_id, after_seq, ...at && { after_at: at }, parts });
  } else {
    followDue = false;
  }
}

function send(conversation, content) {
  const frame = { type: 'chat', ...content };
  // Bytes, as the server counts.
  if (connection.limits && new TextEncoder().encode(JSON.stringify(frame)).length + OTHER_BYTES > connection.limits.max_message_bytes) {
    notice('That is too long to send.');
    return false;
  }
  notice('');
  conversation.sending(outbox.add(conversation, frame), frame);
  show();
  return true;
}

// The same text asks for a new answer; another text takes the message's place.
function resend(conversation, message, content) {
  const frame = { content, replaces: message.id, when_running: 'interrupt' };
  if (message.agent) {
    frame.agent = message.agent;
  }
  if (send(conversation, frame) && message.run?.again) {
    message.run.again.disabled = true;
  }
}

// An answer that was cut at a limit goes on with the next message, as with any other.
function goOn(conversation, run) {
  const agent = run.answers?.agent;
  if (send(conversation, { content: 'Continue.', ...agent && { agent } })) {
    run.more.disabled = true;
  }
}

// Whatever is furthest: the run, the message that will become one, or the message that is on its way.
function stop() {
  const { openRun, awaited } = current;
  if (openRun || awaited) {
    outbox.add(current, openRun ? { type: 'stop', run_id: openRun.id } : { type: 'stop', message_id: awaited });
    return;
  }
  const taken = outbox.takeBack(current);
  if (taken?.dropped) {
    current.dropped(taken.dropped.id);
    composer.putBack(taken.dropped.content);
  }
  show();
}

function established({ agents, user_id }) {
  logFrame({ type: 'connection_established' });
  composer.setAgents(agents);
  if (me !== null && me !== user_id) {
    // Nothing of the other user's is shown or sent any more; what waits to be sent stays theirs.
    me = user_id;
    current = new Conversation(null, page);
    composer.setUser(me);
    outbox.restore(me, conversationOf);
    open(null, current);
  }
  me = user_id;
  composer.setUser(me);
  outbox.restore(me, conversationOf);
  follow();
  outbox.flush();
  threads.refresh(0);
  current.setOnline(true);
  show();
}

function received(frame) {
  logFrame(frame);
  switch (frame.type) {
    case 'ack': return acknowledged(frame);
    case 'error': return refused(frame);
    case 'caught_up': return caughtUp(frame);
    case 'pong': return;
    case 'server_draining': return showState('connecting', 'The server restarts…');
    case 'thread_deleted': return leave(frame.thread_id, 'This conversation was deleted.');
    default: return happened(frame);
  }
}

function acknowledged({ id, status, thread_id, message_id }) {
  deciding.delete(id);
  const entry = outbox.settle(id);
  if (!entry) {
    return;
  }
  const { conversation, frame } = entry;
  if (frame.type === 'chat') {
    adopt(conversation, thread_id);
    conversation.acknowledged(id, message_id);
    if (entry.stop) {
      outbox.add(conversation, { type: 'stop', message_id });
    }
    // A duplicate was acknowledged to an earlier connection; this one does not follow yet.
    if (status === 'duplicate' && conversation === current) {
      follow();
    }
  }
  outbox.flush();
  show();
}

function adopt(conversation, threadId) {
  if (conversation.threadId || !threadId) {
    return;
  }
  conversation.threadId = threadId;
  threads.refresh();
  if (conversation === current) {
    history.replaceState(null, '', `#${threadId}`);
    threads.show(threadId);
    composer.show(threadId, true);
    conversation.caughtUp();
  } else {
    connection.send({ type: 'unfollow', id: newId('u_'), thread_id: threadId });
  }
}

function refused(error) {
  const { id, code, message, retry_after_ms } = error;
  const mayPass = code === 'unavailable' || code === 'rate_limited';
  if (id && id === following) {
    followRefused(error, mayPass);
  } else if (id?.startsWith('f_') || id?.startsWith('u_')) {
    return; // of a conversation that is not open any more
  } else if (!outbox.has(id)) {
    notice(message);
  } else if (mayPass) {
    outbox.again(id, retry_after_ms);
  } else {
    const { conversation, frame } = outbox.find(id);
    if (frame.type === 'chat') {
      outbox.refuse(id, message);
      conversation.refused(id, message);
    } else {
      outbox.settle(id);
    }
    const about = deciding.get(id);
    deciding.delete(id);
    about?.card?.refused(error, me);
    about?.failed?.();
    // What had ended by itself just before was stopped as wanted, and a decision says itself what became of it.
    notice(code === 'no_such_run' || frame.type !== 'stop' ? '' : message);
    outbox.flush();
    show();
  }
}

function followRefused({ code, retry_after_ms, history_begins_at }, mayPass) {
  if (mayPass) {
    followDue = true;
    setTimeout(follow, retry_after_ms ?? 2_000);
  } else if (code === 'stale_cursor' && history_begins_at) {
    reload(history_begins_at);
  } else if (code === 'expired' && history_begins_at) {
    current.beginAt(history_begins_at, EXPIRED);
    follow();
  } else {
    leave(current.threadId, 'That conversation is not here, or is not yours.');
  }
}

// What is shown is of a history that the server no longer has: the present one is read instead.
function reload(historyBeginsAt) {
  current.beginAt(historyBeginsAt, RESTORED);
  follow();
  show();
}

// A conversation that was deleted. A message that was to go there stays in sight, with what became of it.
function leave(threadId, words) {
  threads.remove(threadId);
  if (threadId !== current.threadId) {
    return;
  }
  if (outbox.hasUnsentOf(current)) {
    following = null;
    current.beginAt(1, GONE);
    current.caughtUp();
    show();
  } else {
    open(null);
  }
  notice(words);
}

function caughtUp({ thread_id, seq }) {
  if (thread_id === current.threadId && !followDue) {
    if (seq < current.seq) {
      reload(1); // a log that ends before what is shown
      return;
    }
    following = null;
    current.caughtUp();
    scroll.follow();
  }
}

function happened(event) {
  if (event.type === 'user_message' && current.isMine(event.client_id)) {
    adopt(current, event.thread_id);
  }
  if (event.type === 'thread_renamed') {
    threads.rename(event.thread_id, event.title);
  }
  if (event.thread_id !== current.threadId || followDue) {
    return;
  }
  if (!current.apply(event)) {
    if (following === null) {
      follow();
    }
  } else if (current.live && event.seq && ['agent_completed', 'agent_failed', 'agent_stopped'].includes(event.type)) {
    threads.refresh(); // its place in the list, and soon its title
  }
}

function show() {
  const isBusy = current.openRun !== undefined;
  composer.setBusy(isBusy, isBusy || current.awaited !== undefined || outbox.hasChatOf(current));
  byId('title').textContent = current.title;
  byId('empty').hidden = current.threadId !== null || outbox.hasChatOf(current);
  document.title = current.title;
}

function showThreads(isOpen) {
  document.body.dataset.threads = isOpen ? 'open' : 'closed';
  byId('toggle').setAttribute('aria-expanded', isOpen);
}

function showState(state, words) {
  byId('connection').dataset.state = state;
  byId('connection').textContent = words;
  if (state !== 'open') {
    current.setOnline(false);
  }
}

function notice(words) {
  byId('notice').textContent = words;
  byId('notice').hidden = words === '';
}
