import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The built server as a process of its own. `CHATBACKEND_SERVER` says where its dll is, if not where `dotnet build` puts it. */
export class ChatServer {
  #process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly dll: string,
    private readonly folder: string,
  ) {}

  static async start(): Promise<ChatServer> {
    const dll = process.env["CHATBACKEND_SERVER"] ?? join(process.cwd(), "../../ChatBackend.Server/bin/Debug/net10.0/ChatBackend.Server.dll");
    if (!existsSync(dll)) {
      throw new Error(`There is no server at ${dll}. Build it, or say with CHATBACKEND_SERVER where its dll is.`);
    }

    const server = new ChatServer(await freePort(), dll, await mkdtemp(join(tmpdir(), "webthread-")));
    await server.start();
    return server;
  }

  /** At the same address, with the same data. */
  async start(): Promise<void> {
    const child = spawn("dotnet", [this.dll, "--urls", `http://localhost:${this.port}`, "--DataDirectory", this.folder], {
      cwd: this.folder,
      env: { ...process.env, ASPNETCORE_ENVIRONMENT: "Development", Agents__Script__Enabled: "true", Agents__Demo__Description: "Shows what this can do." },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let log = "";
    child.stdout.on("data", (data: Buffer) => { log += String(data); });
    child.stderr.on("data", (data: Buffer) => { log += String(data); });
    this.#process = child;
    while (!await isReady(this.port)) {
      if (child.exitCode !== null) {
        throw new Error(`The server ended before it was ready:\n${log}`);
      }
    }
  }

  /** As a power cut would: nothing is finished, nothing is said. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    }
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://localhost:${port}/health/ready`)).ok;
  } catch {
    // Not listening yet: asked again after a breath, so that the start has the processor.
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    return false;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => { probe.listen(0, "localhost", resolve); });
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => { probe.close(resolve); });
  return port;
}
