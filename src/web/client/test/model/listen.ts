import { createHash } from "node:crypto";
import { type IncomingMessage, type Server as HttpServer, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { ClientFrame, ServerFrame } from "../../src/wire.js";
import { Clock, seeded } from "./clock.js";
import { answerHttp } from "./http.js";
import { type Peer, Server } from "./server.js";

/** The clock of the wall. */
class RealClock extends Clock {
  override later(work: () => void, ms: number): object {
    return setTimeout(() => {
      this.now = Date.now();
      work();
    }, ms);
  }

  override cancel(timer: unknown): void {
    clearTimeout(timer as NodeJS.Timeout);
  }
}

export interface Listening {
  server: Server;
  url: string;
  sockets: Set<WireSocket>;
  close(): void;
}

/** The model of the server on a port of this machine, with `page` and the files of `files` beside it. */
export async function listen(files: Record<string, { type: string; body: string }>): Promise<Listening> {
  const clock = new RealClock(seeded(1));
  clock.now = Date.now();
  const server = new Server(clock);
  const sockets = new Set<WireSocket>();
  const http: HttpServer = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://server.test");
    const file = files[url.pathname];
    if (file) {
      response.writeHead(200, { "Content-Type": file.type }).end(file.body);
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const answer = answerHttp(server, request.method ?? "GET", url, Buffer.concat(chunks).toString() || undefined);
      void answer.text().then((text) => {
        response.writeHead(answer.status, { "Content-Type": "application/json" }).end(text);
      });
    });
  });
  http.on("upgrade", (request: IncomingMessage, stream: Duplex) => {
    const key = createHash("sha1").update(`${request.headers["sec-websocket-key"] ?? ""}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    stream.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\nSec-WebSocket-Protocol: chat.v1\r\n\r\n`);
    const socket = new WireSocket(stream, server);
    sockets.add(socket);
    stream.on("close", () => sockets.delete(socket));
    server.connect(socket);
  });
  await new Promise<void>((resolve) => {
    http.listen(0, "127.0.0.1", resolve);
  });
  return {
    server,
    sockets,
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`,
    close: () => {
      sockets.forEach((socket) => { socket.destroy(); });
      http.close();
      http.closeAllConnections();
      // No run goes on.
      server.incarnation++;
    },
  };
}

/** As much of RFC 6455 as a page of Chromium sends: masked text, whole in one frame, and a close. */
export class WireSocket implements Peer {
  readonly follows = new Set<string>();
  followsThreads = false;
  private rest = Buffer.alloc(0);

  constructor(
    private readonly stream: Duplex,
    private readonly server: Server,
  ) {
    stream.on("data", (chunk: Buffer) => { this.read(chunk); });
    stream.on("close", () => this.server.peers.delete(this));
    stream.on("error", () => this.server.peers.delete(this));
  }

  send(frame: ServerFrame): void {
    this.write(0x81, Buffer.from(JSON.stringify(frame)));
  }

  end(code: number): void {
    const body = Buffer.alloc(2);
    body.writeUInt16BE(code);
    this.write(0x88, body);
    this.stream.end();
  }

  destroy(): void {
    this.stream.destroy();
  }

  private write(head: number, body: Buffer): void {
    const length = body.length < 126 ? Buffer.from([body.length]) : Buffer.from([126, body.length >> 8, body.length & 255]);
    this.stream.write(Buffer.concat([Buffer.from([head]), length, body]));
  }

  private read(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk]);
    for (;;) {
      const short = (this.rest[1] ?? 0) & 127;
      const start = short === 126 ? 8 : 6;
      const length = short === 126 && this.rest.length >= 4 ? this.rest.readUInt16BE(2) : short;
      if (this.rest.length < start + length || this.rest.length < start) {
        return;
      }
      const opcode = (this.rest[0] ?? 0) & 15;
      const mask = this.rest.subarray(start - 4, start);
      const body = Buffer.from(this.rest.subarray(start, start + length).map((byte, place) => byte ^ (mask[place % 4] ?? 0)));
      this.rest = this.rest.subarray(start + length);
      if (opcode === 1) {
        this.server.clock.now = Date.now();
        this.server.receive(this, JSON.parse(body.toString()) as ClientFrame);
      } else if (opcode === 8) {
        this.stream.end();
      }
    }
  }
}
