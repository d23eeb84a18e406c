// An MCP server over stdio that does harm. Its argument says which: hang, garbage, flood, huge, die, slow-start.
import { createInterface } from "node:readline";

const harm = process.argv[2];
const secret = process.env.HOSTILE_TOKEN;
const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\n");

process.stderr.write(`I was started with ${secret}\n`);
if (harm === "flood") {
  const noise = () => {
    for (let i = 0; i < 200; i++) {
      process.stderr.write(`noise ${i} ${secret}\n`);
    }
    process.stdout.write('{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"noise"}}\n'.repeat(200), () => setImmediate(noise));
  };
  noise();
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (harm === "hang" || id === undefined) {
    return;
  }

  if (method === "initialize") {
    if (harm === "garbage") {
      process.stdout.write("Welcome to my server!\n{\"jsonrpc\":\n[]\n42\n\n");
    }
    send({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "hostile", version: "1" } } });
  } else if (method === "tools/list") {
    send({ id, result: { tools: [{ name: "harm", inputSchema: { type: "object" }, annotations: { readOnlyHint: true } }] } });
  } else if (method !== "tools/call") {
    send({ id, error: { code: -32601, message: "Method not found" } });
  } else if (harm === "die") {
    process.stderr.write(`I die with ${secret}\n`, () => process.exit(3));
  } else if (harm === "huge") {
    process.stdout.write("x".repeat(50_000_000));
  } else {
    send({ id, result: { content: [{ type: "text", text: `harmless ${secret}` }] } });
  }
});
