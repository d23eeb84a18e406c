import { build } from "esbuild";
import { join } from "node:path";
import { type Browser, chromium, type Page, type WebSocketRoute } from "playwright-core";

declare const WEB_FOLDER: string;

type Frame = Readonly<Record<string, unknown>>;

// What a test answers in the place of a server counts as a page from elsewhere, which may not connect to this machine.
const args = ["--disable-gpu", "--no-sandbox", "--disable-features=LocalNetworkAccessChecks"];

export const launch = (): Promise<Browser> => chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args });

/** The page of page.tsx as one script. */
export async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(WEB_FOLDER, "react/test/page/page.tsx")],
    bundle: true,
    write: false,
    format: "esm",
    jsx: "automatic",
    alias: { "@chatbackend/client": join(WEB_FOLDER, "client/src/index.ts"), "@chatbackend/react": join(WEB_FOLDER, "react/src/index.ts") },
    define: { "process.env.NODE_ENV": '"development"' },
  });
  return outputFiles[0]?.text ?? "";
}

const at = (seq: number) => new Date(Date.UTC(2026, 10, 23) + seq).toISOString();

/** A page and its server, whose logs the test writes. */
export class Served {
  readonly #logs = new Map<string, Frame[]>([["thr_1", []], ["thr_2", []]]);
  readonly #held: Frame[] = [];
  #socket: WebSocketRoute | undefined;
  /** While false, a `chat` waits for its answer. */
  answers = true;
  readonly complaints: string[] = [];

  private constructor(readonly page: Page) {}

  static async open(browser: Browser, script: string, path = "", markup = ""): Promise<Served> {
    const page = await browser.newPage();
    page.setDefaultTimeout(15_000);
    const served = new Served(page);
    page.on("pageerror", (error) => { served.complaints.push(String(error)); });
    page.on("console", (message) => {
      if (message.type() === "error") {
        served.complaints.push(message.text());
      }
    });
    await page.route("http://localhost/**", (route) => {
      const { pathname } = new URL(route.request().url());
      const thread = pathname.split("/api/threads/")[1];
      if (pathname === "/page.js") {
        return route.fulfill({ contentType: "text/javascript", body: script });
      }
      if (pathname.startsWith("/api/")) {
        return route.fulfill({ json: thread ? served.#row(thread) : {} });
      }
      return route.fulfill({ contentType: "text/html", body: `<!doctype html><div id="root">${markup}</div><script type="module" src="page.js"></script>` });
    });
    await page.routeWebSocket("ws://localhost/ws", (socket) => { served.#accept(socket); });
    await page.goto(`http://localhost/${path}`);
    return served;
  }

  show = (name: string) => this.page.getByRole("button", { name: `Show ${name}`, exact: true }).click();

  text = (name: string) => this.page.getByText(name, { exact: true });

  seen = () => this.page.evaluate(() => window.seen);

  /** Everything that the server has sent until now is in the page. */
  async settled(): Promise<void> {
    await this.page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => { requestAnimationFrame(resolve); }); }));
  }

  /** Appends to a thread's log, and tells who follows it. */
  append(thread: string, event: Frame): void {
    const log = this.#logs.get(thread) ?? [];
    this.#logs.set(thread, log);
    const seq = log.length + 1;
    const whole = { thread_id: thread, seq, at: at(seq), ...event };
    log.push(whole);
    this.send(whole);
  }

  send(frame: Frame): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  message(thread: string, content: string, clientId = "c_elsewhere"): void {
    this.append(thread, { type: "user_message", message_id: `msg_${content}`, content, client_id: clientId });
  }

  start(thread: string, run: string): void {
    this.append(thread, { type: "agent_started", run_id: run, agent: "demo", message_id: "msg_1" });
  }

  say(thread: string, run: string, text: string, offset: number): void {
    this.send({ type: "agent_delta", thread_id: thread, run_id: run, part_id: `part_${run}`, offset, text });
  }

  /** Answers what waited. */
  answer(refusal?: string): void {
    this.answers = true;
    for (const frame of this.#held.splice(0)) {
      this.#chat(frame, refusal);
    }
  }

  close = () => this.page.close();

  #row = (thread: string): Frame => ({ thread_id: thread, title: `Title of ${thread}`, archived: false, created_at: at(0), updated_at: at(0), head: this.#logs.get(thread)?.length ?? 0, running: false, needs_approval: false, unread: false, history_begins_at: 1 });

  #accept(socket: WebSocketRoute): void {
    this.#socket = socket;
    socket.onMessage((text) => { this.#receive(JSON.parse(String(text)) as Frame); });
    this.send({ type: "connection_established", connection_id: "con_1", user_id: "usr_1", protocol: "chat.v1", server_time: at(0), heartbeat_seconds: 15, limits: { max_message_bytes: 262144, max_pending_commands: 256, max_pending_bytes: 1048576, max_followed_threads: 100, max_queued_messages: 100 }, agents: ["demo"], log_id: "log" });
  }

  #receive(frame: Frame): void {
    const { type, id, thread_id: thread } = frame;
    switch (type) {
      case "ping":
        this.send({ type: "pong", server_time: at(0) });
        break;
      case "follow": {
        const log = this.#logs.get(String(thread)) ?? [];
        log.slice(Number(frame["after_seq"] ?? 0)).forEach((event) => { this.send(event); });
        this.send({ type: "caught_up", thread_id: thread, seq: log.length, log_id: "log" });
        break;
      }
      case "follow_threads":
        [...this.#logs.keys()].forEach((listed) => { this.send({ type: "thread_listed", ...this.#row(listed) }); });
        this.send({ type: "threads_caught_up", cursor: "1", log_id: "log" });
        break;
      case "chat":
        if (this.answers) {
          this.#chat(frame);
        } else {
          this.#held.push(frame);
        }
        break;
      default:
        this.send({ type: "ack", id, status: "accepted", thread_id: thread });
    }
  }

  #chat({ id, content, thread_id: thread = `thr_${this.#logs.size + 1}` }: Frame, refusal?: string): void {
    const key = String(thread);
    if (refusal) {
      this.send({ type: "error", id, code: refusal, message: "Refused by the test." });
      return;
    }
    this.send({ type: "ack", id, status: "accepted", thread_id: key, seq: (this.#logs.get(key)?.length ?? 0) + 1, message_id: `msg_${String(content)}` });
    this.message(key, String(content), String(id));
  }
}
