'use strict';

// Our frames by Socket.IO's own means: a thread is a room. Stores nothing, logs nothing.
const { randomBytes } = require('node:crypto');
const http = require('node:http');
const { Server } = require('socket.io');
const { playScript, askEndpoint } = require('./models.js');

const endpoint = process.argv[2] === '--model' ? process.argv[3] : undefined;
const agents = { script: playScript };
if (endpoint) {
  agents.feed = (content) => askEndpoint(endpoint, content);
}

// The limits our server states, so that the first frame is as long.
const limits = {
  max_message_bytes: 262144,
  max_pending_commands: 1000,
  max_pending_bytes: 4194304,
  max_followed_threads: 10000,
  max_queued_messages: 100,
  max_outbox_bytes: 1048576,
  send_timeout_seconds: 15,
};

const threads = new Map(); // id -> seq of its last event
const server = http.createServer((request, response) => response.writeHead(404).end());
const io = new Server(server, {
  transports: ['websocket'],
  perMessageDeflate: false,
  pingInterval: 15000,
  pingTimeout: 15000,
  serveClient: false,
});

io.on('connection', (socket) => {
  socket.emit('event', {
    type: 'connection_established',
    connection_id: newId('con'),
    user_id: newId('usr'),
    protocol: 'chat.v1',
    server_time: now(),
    heartbeat_seconds: 15,
    limits,
    agents: Object.keys(agents),
  });
  socket.on('ping_', () => socket.emit('event', { type: 'pong', server_time: now() }));
  socket.on('follow', (request) => follow(socket, request));
  socket.on('chat', (request) => chat(socket, request));
});

function follow(socket, request) {
  const seq = threads.get(request?.thread_id);
  if (seq === undefined) {
    refuse(socket, 'not_found', 'There is no such thread.', request?.id);
    return;
  }

  socket.join(request.thread_id);
  socket.emit('event', { type: 'caught_up', thread_id: request.thread_id, seq });
}

function chat(socket, request) {
  const name = request?.agent ?? 'script';
  if (typeof request?.id !== 'string' || typeof request.content !== 'string') {
    refuse(socket, 'invalid_frame', 'A chat has an id and a content.', undefined);
    return;
  }

  if (!Object.hasOwn(agents, name)) {
    refuse(socket, 'unknown_agent', 'There is no such agent.', request.id);
    return;
  }

  const thread = request.thread_id ?? newId('thr');
  if (request.thread_id === undefined) {
    threads.set(thread, 0);
  } else if (!threads.has(thread)) {
    refuse(socket, 'not_found', 'There is no such thread.', request.id);
    return;
  }

  const message = newId('msg');
  const run = newId('run');
  socket.join(thread);
  const asked = stamp(thread, { type: 'user_message', message_id: message, content: request.content, client_id: request.id, agent: request.agent });
  socket.emit('event', { type: 'ack', id: request.id, status: 'accepted', thread_id: thread, seq: asked.seq, message_id: message, run_id: run });
  io.to(thread).emit('event', asked);
  answer(thread, run, message, name, request.content);
}

// The answer goes to the room and outlives whoever asked for it. Never rejects.
async function answer(thread, run, message, agent, content) {
  const began = performance.now();
  const part = newId('part');
  const room = io.to(thread);
  let said = '';
  let usage;
  room.emit('event', stamp(thread, { type: 'agent_started', agent, message_id: message, run_id: run }));
  try {
    for await (const update of agents[agent](content)) {
      usage = update.usage ?? usage;
      if (update.text) {
        room.emit('event', { type: 'agent_delta', thread_id: thread, run_id: run, part_id: part, offset: said.length, text: update.text });
        said += update.text;
      }
    }
  } catch {
    room.emit('event', stamp(thread, {
      type: 'agent_failed', code: 'model_unavailable', message: 'The model could not be reached, or its answer was cut off. Try again.', retryable: true, run_id: run,
    }));
    return;
  }

  room.emit('event', stamp(thread, {
    type: 'agent_completed', message_id: newId('msg'), part_id: part, content: said, usage, duration_ms: Math.floor(performance.now() - began), run_id: run,
  }));
}

function stamp(thread, happened) {
  const seq = threads.get(thread) + 1;
  threads.set(thread, seq);
  return { ...happened, thread_id: thread, seq, at: now() };
}

function refuse(socket, code, message, id) {
  socket.emit('event', { type: 'error', code, message, id });
}

function newId(prefix) {
  return `${prefix}_${randomBytes(16).toString('hex')}`;
}

function now() {
  return new Date().toISOString();
}

server.listen(0, '127.0.0.1', () => process.stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`));
process.on('SIGTERM', () => {
  io.close(() => process.exit(0));
  setTimeout(() => process.exit(0), 2000); // peers that do not answer the close
});
