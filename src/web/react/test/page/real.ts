import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const dll = process.env["CHATBACKEND_SERVER"];

/** What a test skips by that needs the real server. */
export const options = { skip: dll ? false : "CHATBACKEND_SERVER does not say where ChatBackend.Server.dll is" };

/** The real server, with the script agent as the one that answers. */
export class RealServer {
  private constructor(
    readonly url: string,
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(): Promise<RealServer> {
    const folder = await mkdtemp(join(tmpdir(), "webreact-"));
    const url = `http://localhost:${await freePort()}`;
    const child = spawn("dotnet", [dll ?? "", "--urls", url, "--DataDirectory", folder, "--Agents:Script:Enabled=true", "--Agents:Default=script"], {
      cwd: folder,
      env: { ...process.env, ASPNETCORE_ENVIRONMENT: "Development" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const server = new RealServer(url, child, folder);
    const log: string[] = [];
    child.stdout.on("data", (data: Buffer) => log.push(String(data)));
    while (!(await isReady(url))) {
      if (child.exitCode !== null) {
        throw new Error(`The server ended before it was ready:\n${log.join("")}`);
      }
    }
    return server;
  }

  async close(): Promise<void> {
    await ended(this.process);
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Starts a program of Node.js and gives the first line that it writes. */
export async function program(...command: readonly string[]): Promise<{ readonly line: string; close(): Promise<void> }> {
  const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface(child.stdout)) {
    return { line, close: () => ended(child) };
  }
  throw new Error(`${command.join(" ")} ended without a word.`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health/ready`)).ok;
  } catch {
    // Not listening yet: asked again after a breath, so that the start has the processor.
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    return false;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "localhost");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return port;
}
