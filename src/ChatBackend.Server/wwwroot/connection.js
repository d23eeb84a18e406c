// One socket at a time, and one loop that decides what comes after it: nothing else ever connects.

import { haveSession } from './session.js';

const FINAL_CODES = new Set([1000, 1008, 4403]);
const UNAUTHENTICATED = 4401;
const NO_HEARTBEAT = 4408;
const MAX_NEW_GUESTS = 3;
const ESTABLISH_MS = 10_000;
const STABLE_MS = 5_000;

const later = ms => new Promise(done => setTimeout(done, ms));

const serverIsReady = () => fetch('health/ready').then(response => response.ok, () => false);

export class Connection {
  limits = null;
  // Counts established connections; 0 while there is none.
  epoch = 0;
  #count = 0;
  #socket = null;
  #end = null;

  constructor({ onState, onEstablished, onFrame }) {
    this.onState = onState;
    this.onEstablished = onEstablished;
    this.onFrame = onFrame;
  }

  send(frame) {
    if (this.epoch === 0 || this.#socket.readyState !== WebSocket.OPEN) {
      return false;
    }
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  // Ends the socket; the next one belongs to the user who is signed in by then.
  restart() {
    this.#end?.(NO_HEARTBEAT);
  }

  async run() {
    let failures = 0;
    let refusals = 0;
    let newGuests = 0;
    let refusedUser = null;
    for (;;) {
      const began = performance.now();
      this.onState('connecting', failures === 0 ? 'Connecting…' : 'Connecting again…');
      try {
        const { user_id } = await haveSession(refusedUser);
        const { opened, established, code } = await this.#live();
        if (opened && FINAL_CODES.has(code)) {
          this.onState('closed', 'The server ended the connection. Reload to connect again.');
          return;
        }
        if (established && performance.now() - began > STABLE_MS) {
          failures = newGuests = 0;
        }
        // A browser does not say why a handshake failed. Twice, by a server that is ready, is taken for a session it does not know.
        refusals = !opened && await serverIsReady() ? refusals + 1 : 0;
        if (code === UNAUTHENTICATED || refusals > 1) {
          if (newGuests++ === MAX_NEW_GUESTS) {
            this.onState('closed', 'Signing in does not work. Reload to try again.');
            return;
          }
          refusedUser = user_id;
          failures = Math.max(failures, 2);
        }
      } catch (failure) {
        if (failure.final) {
          this.onState('closed', failure.message);
          return;
        }
      }
      this.onState('connecting', 'Connection lost. Connecting again…');
      // Full jitter, so that the clients of a server that went away do not come back as one; and never more than one a second.
      const pause = Math.random() * Math.min(10_000, 1_000 * 2 ** failures++);
      await later(Math.max(pause, began + 1_000 - performance.now()));
    }
  }

  // From the handshake to the end of one socket.
  #live() {
    return new Promise(ended => {
      const outcome = { opened: false, established: false, code: 1006 };
      const address = new URL('ws', document.baseURI);
      address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
      const socket = new WebSocket(address, ['chat.v1']);
      this.#socket = socket;
      let heard = true;
      let watch = null;
      // A dead peer may never answer a close, so it is not awaited.
      const end = code => {
        clearInterval(watch);
        clearTimeout(deadline);
        socket.onopen = socket.onmessage = socket.onclose = null;
        if (socket.readyState < WebSocket.CLOSING) {
          socket.close(NO_HEARTBEAT);
        }
        this.epoch = 0;
        this.#end = null;
        ended({ ...outcome, code });
      };
      this.#end = end;
      const deadline = setTimeout(() => end(NO_HEARTBEAT), ESTABLISH_MS);
      socket.onopen = () => { outcome.opened = true; };
      socket.onclose = ({ code }) => end(code);
      socket.onmessage = ({ data }) => {
        heard = true;
        let frame;
        try {
          frame = JSON.parse(data);
        } catch {
          return;
        }
        if (frame.type === 'connection_established') {
          clearTimeout(deadline);
          outcome.established = true;
          this.limits = frame.limits;
          this.epoch = ++this.#count;
          watch = setInterval(() => {
            if (!heard) {
              end(NO_HEARTBEAT);
            } else {
              heard = false;
              this.send({ type: 'ping' });
            }
          }, frame.heartbeat_seconds * 1000);
          this.onState('open', 'Connected');
          this.onEstablished(frame);
        } else {
          this.onFrame(frame);
        }
      };
    });
  }
}
