import { drawerText } from "../../text/drawer.js";

type Frame = Readonly<Record<string, unknown>>;

/** The other end of a replay's socket: one thread, of which `sent` has happened already. */
export interface ReplayServer {
  readonly threadId: string;
  readonly sent: Frame[];
  /** To the client, while it follows the thread. */
  send: ((frame: Frame) => void) | undefined;
}

/** A WebSocket that leads to the replay instead of a network. */
export function socketTo(server: ReplayServer): new (url: string, protocols: string[]) => WebSocket {
  class ReplaySocket extends EventTarget {
    readonly readyState = WebSocket.OPEN;
    onopen: (() => void) | null = null;
    onmessage: ((message: { data: string }) => void) | null = null;
    onclose: (() => void) | null = null;

    constructor() {
      super();
      queueMicrotask(() => {
        this.onopen?.();
        this.#answer({ type: "connection_established", connection_id: "con_replay", user_id: "replay", protocol: "chat.v1", server_time: new Date().toISOString(), heartbeat_seconds: 15, limits: {}, agents: [], log_id: "replay" });
      });
    }

    send(text: string): void {
      const { type, id, thread_id: threadId } = JSON.parse(text) as Frame;
      switch (type) {
        case "ping":
          this.#answer({ type: "pong", server_time: new Date().toISOString() });
          break;
        case "follow":
          if (threadId === server.threadId) {
            server.sent.forEach((event) => { this.#answer(event); });
            server.send = (event) => { this.#answer(event); };
            this.#answer({ type: "caught_up", thread_id: threadId, seq: server.sent.at(-1)?.["seq"] ?? 0, log_id: "replay" });
          }
          break;
        case "unfollow":
          server.send = undefined;
          this.#answer({ type: "ack", id, status: "accepted", thread_id: threadId });
          break;
        default:
          this.#answer({ type: "error", id, code: "not_found", message: drawerText.replayOnly });
      }
    }

    close(): void {
      server.send = undefined;
    }

    #answer(frame: Frame): void {
      queueMicrotask(() => { this.onmessage?.({ data: JSON.stringify(frame) }); });
    }
  }
  // The client uses of a WebSocket what is above.
  return ReplaySocket as unknown as new (url: string, protocols: string[]) => WebSocket;
}
