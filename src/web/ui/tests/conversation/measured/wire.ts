import { createHash } from "node:crypto";
import type { IncomingMessage, Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const THREAD = { thread_id: "thr_m", archived: false, created_at: at(), updated_at: at(), head: 0, running: false, history_begins_at: 1 };

export interface Wire {
  readonly port: number;
  /** `Date.now()` of each delta, by its number. */
  readonly sentAt: readonly number[];
  close(): Promise<void>;
}

/** So much of a chat server that one message is answered, by `deltas` at `perSecond`: for what no real agent does. */
export async function answerOnce(deltas: readonly string[], perSecond: number): Promise<Wire> {
  const sentAt: number[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer(({ method, url }, response) => {
    const body = url?.startsWith("/api/guests") === true ? { user_id: "usr_m", token: "t", expires_at: at(3600_000) } : url === "/api/threads/thr_m" ? THREAD : { threads: [] };
    response.writeHead(method === "POST" ? 201 : 200, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  });
  server.on("upgrade", (request: IncomingMessage, socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"] ?? ""}${GUID}`).digest("base64");
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: chat.v1\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    const send = (frame: object) => { socket.write(framed(JSON.stringify(frame))); };
    const limits = { max_message_bytes: 262144, max_pending_commands: 256, max_pending_bytes: 1048576, max_followed_threads: 100, max_queued_messages: 100, max_outbox_bytes: 1048576, send_timeout_seconds: 15 };
    send({ type: "connection_established", connection_id: "con_m", user_id: "usr_m", protocol: "chat.v1", server_time: at(), heartbeat_seconds: 15, limits, agents: ["demo"], log_id: "m" });
    let held = Buffer.alloc(0);
    socket.on("data", (data: Buffer) => {
      held = Buffer.concat([held, data]);
      for (let read = unframed(held); read !== undefined; read = unframed(held)) {
        held = held.subarray(read.length);
        answer(JSON.parse(read.text) as Command, send, deltas, perSecond, sentAt);
      }
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, "localhost", resolve); });
  return {
    port: (server.address() as AddressInfo).port,
    sentAt,
    close: async () => {
      sockets.forEach((socket) => socket.destroy());
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Command {
  readonly type: string;
  readonly id?: string;
  readonly content?: string;
}

function answer({ type, id, content }: Command, send: (frame: object) => void, deltas: readonly string[], perSecond: number, sentAt: number[]): void {
  const thread_id = "thr_m";
  switch (type) {
    case "ping": send({ type: "pong", id, server_time: at() }); break;
    case "follow": send({ type: "caught_up", thread_id, seq: 2, log_id: "m" }); break;
    case "follow_threads": send({ type: "threads_caught_up", id, cursor: "1" }); break;
    case "chat": {
      send({ type: "ack", id, status: "accepted", thread_id, seq: 1, message_id: "msg_1", run_id: "run_1" });
      send({ type: "user_message", thread_id, seq: 1, at: at(), message_id: "msg_1", content, client_id: id });
      send({ type: "agent_started", thread_id, seq: 2, at: at(), run_id: "run_1", agent: "demo", message_id: "msg_1" });
      const begin = Date.now();
      let next = 0;
      let offset = 0;
      const timer = setInterval(() => {
        for (const due = Math.min(deltas.length, Math.floor(((Date.now() - begin) * perSecond) / 1000)); next < due; next++) {
          const text = deltas[next] ?? "";
          send({ type: "agent_delta", thread_id, run_id: "run_1", part_id: "part_1", offset, text });
          offset += text.length;
          sentAt.push(Date.now());
        }
        if (next === deltas.length) {
          clearInterval(timer);
          send({ type: "agent_completed", thread_id, seq: 3, at: at(), run_id: "run_1", message_id: "msg_2", part_id: "part_1", content: deltas.join(""), finish: "complete", duration_ms: Date.now() - begin });
        }
      }, 1);
    }
  }
}

function at(later = 0): string {
  return new Date(Date.now() + later).toISOString();
}

function framed(text: string): Buffer {
  const body = Buffer.from(text);
  const head = body.length < 126 ? Buffer.from([0x81, body.length]) : body.length < 65_536 ? Buffer.from([0x81, 126, body.length >> 8, body.length & 255]) : Buffer.alloc(10);
  if (head.length === 10) {
    head.set([0x81, 127]);
    head.writeBigUInt64BE(BigInt(body.length), 2);
  }
  return Buffer.concat([head, body]);
}

/** The first text message of a client, and how many bytes it took; nothing before it is whole. */
function unframed(data: Buffer): { readonly text: string; readonly length: number } | undefined {
  const short = (data[1] ?? 0) & 127;
  const head = short === 126 ? 4 : 2;
  if (data.length < head + 4) {
    return undefined;
  }
  const size = short === 126 ? data.readUInt16BE(2) : short;
  const length = head + 4 + size;
  if (data.length < length) {
    return undefined;
  }
  const mask = data.subarray(head, head + 4);
  const text = Buffer.from(data.subarray(head + 4, length).map((byte, index) => byte ^ (mask[index % 4] ?? 0))).toString();
  return { text: text.startsWith("{") ? text : '{"type":"none"}', length };
}
