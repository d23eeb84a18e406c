// Builds the page with each change and serves it at http://localhost:5173. What is the chat server's is passed on to it, so that both have one origin.
// node serve.mjs [address of the chat server] [port]

import { context } from "esbuild";
import { createServer, request } from "node:http";

const [server = "http://localhost:5080", port = "5173"] = process.argv.slice(2);
const page = await context({
  absWorkingDir: import.meta.dirname,
  entryPoints: ["src/main.tsx", "src/index.html"],
  outdir: "dist",
  entryNames: "[name]",
  loader: { ".html": "copy" },
  bundle: true,
  format: "esm",
  jsx: "automatic",
  sourcemap: "linked",
});
await page.watch();
const files = await page.serve({ host: "127.0.0.1", port: 0, servedir: "dist" });

// Host and Origin go on as the browser sent them: the chat server compares the two.
const ask = ({ url = "/", method, headers }) =>
  request(/^\/(api|ws|health)\b/.test(url) ? new URL(url, server) : new URL(url, `http://127.0.0.1:${files.port}`), { method, headers });

const proxy = createServer((incoming, outgoing) => {
  const asked = ask(incoming);
  asked.on("response", (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  asked.on("error", () => outgoing.writeHead(502).end());
  incoming.pipe(asked);
});

proxy.on("upgrade", (incoming, socket) => {
  const asked = ask(incoming);
  const headLines = ({ statusCode, statusMessage, rawHeaders }) =>
    [`HTTP/1.1 ${statusCode} ${statusMessage}`, ...rawHeaders.flatMap((name, index) => (index % 2 ? [] : `${name}: ${rawHeaders[index + 1]}`)), "", ""].join("\r\n");
  asked.on("upgrade", (answer, upstream) => {
    socket.write(headLines(answer));
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
    upstream.pipe(socket).pipe(upstream);
  });
  asked.on("response", (answer) => {
    socket.write(headLines(answer));
    answer.pipe(socket);
  });
  asked.on("error", () => socket.destroy());
  asked.end();
});

proxy.listen(Number(port), "localhost", () => {
  console.log(`The page is at http://localhost:${proxy.address().port}, its chat server at ${server}.`);
});
