import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer, request } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { connect } from "node:net";
import { extname, join, normalize } from "node:path";

/** As the server sends it with the page. */
export const csp = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self'", "font-src 'self'", "manifest-src 'self'", "worker-src 'self'",
  "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types chat",
].join("; ");

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
  ".png": "image/png", ".webmanifest": "application/manifest+json", ".json": "application/json",
};

export interface PageServer {
  /** With a slash at its end. */
  readonly url: string;
  readonly port: number;
  /** Cuts every connection to the chat server, and refuses new ones while false. */
  online: boolean;
  /** Bytes of the page and its files that went over the wire, headers included. */
  readonly sent: number;
  close(): Promise<void>;
}

/** Serves a built page as the server does: content security policy, etag, compressed files, hashed ones cached for ever; what is of the chat server goes to `backend`. */
export async function servePage(folder: string, backend?: { readonly port: number }, port = 0): Promise<PageServer> {
  const sockets = new Set<Socket>();
  const page = { online: true, sent: 0 };
  const server: Server = createServer((incoming, outgoing) => {
    const path = new URL(incoming.url ?? "/", "http://page").pathname;
    if (path.startsWith("/api/") || path.startsWith("/health/")) {
      forward(incoming, outgoing, page.online ? backend : undefined);
    } else {
      const before = incoming.socket.bytesWritten;
      outgoing.on("finish", () => { page.sent += incoming.socket.bytesWritten - before; });
      void sendFile(folder, path, incoming, outgoing);
    }
  });
  server.on("upgrade", (incoming, socket: Socket, head) => {
    if (!backend || !page.online) {
      socket.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n");
      return;
    }
    tunnel(incoming, socket, head, backend.port, sockets);
  });
  server.on("connection", (socket: Socket) => {
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => { server.listen(port, "127.0.0.1", resolve); });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${bound}/`,
    port: bound,
    get online() { return page.online; },
    get sent() { return page.sent; },
    set online(online) {
      page.online = online;
      if (!online) {
        sockets.forEach((socket) => socket.destroy());
      }
    },
    close: async () => {
      sockets.forEach((socket) => socket.destroy());
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function sendFile(folder: string, path: string, { headers }: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const name = path === "/" ? "index.html" : normalize(decodeURIComponent(path)).slice(1);
  const file = join(folder, name);
  const accepted = headers["accept-encoding"] ?? "";
  const encoding = accepted.includes("br") ? "br" : accepted.includes("gzip") ? "gzip" : "";
  const packed = encoding === "" ? null : await readFile(`${file}.${encoding === "br" ? "br" : "gz"}`).catch(() => null);
  const bytes = packed ?? await readFile(file).catch(() => null);
  if (!bytes || name.includes("..")) {
    outgoing.writeHead(404).end();
    return;
  }
  const etag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 16)}"`;
  outgoing.setHeader("Content-Type", types[extname(name)] ?? "application/octet-stream");
  outgoing.setHeader("Content-Security-Policy", csp);
  outgoing.setHeader("X-Content-Type-Options", "nosniff");
  outgoing.setHeader("Cache-Control", name.startsWith("assets/") ? "public, max-age=31536000, immutable" : "no-cache");
  outgoing.setHeader("Vary", "Accept-Encoding");
  outgoing.setHeader("ETag", etag);
  if (packed) {
    outgoing.setHeader("Content-Encoding", encoding);
  }
  if (headers["if-none-match"] === etag) {
    outgoing.writeHead(304).end();
  } else {
    outgoing.writeHead(200, { "Content-Length": bytes.length }).end(bytes);
  }
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, backend: { readonly port: number } | undefined): void {
  if (!backend) {
    outgoing.destroy();
    return;
  }
  const upstream = request({ host: "localhost", port: backend.port, path: incoming.url, method: incoming.method, headers: incoming.headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  upstream.on("error", () => outgoing.destroy());
  incoming.pipe(upstream);
}

function tunnel(incoming: IncomingMessage, socket: Socket, head: Buffer, port: number, sockets: Set<Socket>): void {
  const upstream = connect(port, "localhost", () => {
    const headers = Object.entries(incoming.headers).map(([name, value]) => `${name}: ${String(value)}`);
    upstream.write(`${incoming.method ?? "GET"} ${incoming.url ?? "/"} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
    upstream.write(head);
    upstream.pipe(socket).pipe(upstream);
  });
  for (const one of [socket, upstream]) {
    sockets.add(one);
    one.on("error", () => one.destroy());
    one.on("close", () => {
      sockets.delete(one);
      socket.destroy();
      upstream.destroy();
    });
  }
}
