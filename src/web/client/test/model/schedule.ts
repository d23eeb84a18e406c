import type { Entry, Thread } from "../../src/api.js";
import { Clock, seeded } from "./clock.js";
import { type Sent, Watch } from "./watch.js";
import { NONE, Server } from "./server.js";
import { Browser, type Tab } from "./tab.js";

interface Held {
  tab: Tab;
  thread: Thread;
  release: () => void;
}

const STEPS = 60;

/** One run of chance: what people do in some tabs of two browsers while network, server and pages fail. */
export class Schedule {
  readonly clock: Clock;
  readonly server: Server;
  readonly browsers: Browser[];
  readonly sent: Sent[] = [];
  readonly watch = new Watch(
    (id) => this.restores > 0 || !!this.server.log.threads.get(id)?.events.some(({ type }) => type === "thread_rewound" || type === "branch_selected"),
    (runId) =>
      [...this.server.log.threads.values()].some(
        ({ events }) => events.some(({ type }) => type === "thread_rewound") && events.some((event) => event.type === "message_steered" && event.run_id === runId),
      ),
  );
  restores = 0;
  private held: Held[] = [];
  private backup: ReturnType<Server["log"]["copy"]>;
  private written = 0;
  readonly trace: string[] = [];

  constructor(readonly seed: number) {
    this.clock = new Clock(seeded(seed));
    this.server = new Server(this.clock);
    this.browsers = [new Browser(this.clock, this.server), new Browser(this.clock, this.server)];
    this.backup = this.server.log.copy();
  }

  get tabs(): Tab[] {
    return this.browsers.flatMap(({ tabs }) => [...tabs]);
  }

  async play(): Promise<void> {
    const { clock, server } = this;
    const isFaulty = clock.chance(0.7);
    this.openTab();
    await clock.pass(500);
    for (let step = 0; step < STEPS; step++) {
      server.faults = isFaulty ? { dropped: 0.03, doubled: 0.05, unavailable: 0.03 } : NONE;
      this.act();
      await clock.pass(clock.between(0, clock.chance(0.1) ? 20_000 : 600));
    }
    await this.settle();
  }

  /** Whether this message was durable in some browser at some time. */
  isWritten(content: string): boolean {
    return this.browsers.some(({ written }) => written.has(content));
  }

  private act(): void {
    const { clock, server } = this;
    const tab = clock.pick(this.tabs);
    const held = this.held.filter((one) => one.tab === tab);
    const one = held.length > 0 ? clock.pick(held) : undefined;
    const chance = clock.random();
    if (!one || chance < 0.05) {
      this.hold(tab);
    } else if (chance < 0.4) {
      this.send(one);
    } else if (chance < 0.55) {
      this.command(one);
    } else if (chance < 0.6) {
      this.did("load earlier", one.thread.loadEarlier());
    } else if (chance < 0.63) {
      this.trace.push("release");
      one.release();
      this.held = this.held.filter((other) => other !== one);
    } else if (chance < 0.73) {
      const isTold = clock.chance(0.5);
      this.trace.push(`cut ${isTold ? "told" : "silent"}`);
      if (isTold) {
        tab.cut();
      } else {
        tab.silence(clock.between(100, 20_000));
      }
    } else if (chance < 0.78) {
      this.openTab();
    } else if (chance < 0.84 && this.tabs.length > 1) {
      this.trace.push("tab dies");
      tab.die();
      this.held = this.held.filter((other) => other.tab !== tab);
    } else if (chance < 0.88) {
      this.trace.push("server crashes");
      server.crash();
      clock.later(() => { server.start(); }, clock.between(10, 3_000));
    } else if (chance < 0.91) {
      this.backup = server.log.copy();
    } else if (chance < 0.95 && this.backup.threads.size > 0) {
      this.restore();
    } else if (chance < 0.96) {
      this.trace.push("drain");
      server.drain();
      clock.later(() => { server.crash(); server.start(); }, 500);
    } else if (chance < 0.98 && one.thread.getSnapshot().threadId) {
      this.did("rename", one.thread.rename(`Title ${this.written++}`));
    } else if (one.thread.getSnapshot().threadId) {
      this.did("archive", one.thread.archive(clock.chance(0.5)));
    }
  }

  /** Puts the copy back; the history that replaces the lost one grows on, under the same numbers. */
  private restore(): void {
    const { clock, server } = this;
    this.trace.push("restore");
    server.crash();
    server.log.restore(this.backup);
    this.restores++;
    clock.later(() => { server.start(); }, clock.between(10, 3_000));
  }

  private openTab(): void {
    const { clock } = this;
    if (this.tabs.length < 4) {
      this.trace.push("open tab");
      const tab = clock.pick(this.browsers).open();
      this.watch.list(tab);
      tab.chat.threads.open();
      this.hold(tab);
    }
  }

  private hold(tab: Tab): void {
    const { clock, server } = this;
    const known = [...server.log.threads.keys()];
    const thread = known.length > 0 && clock.chance(0.7) ? tab.chat.thread(clock.pick(known)) : tab.chat.newThread();
    this.trace.push(`hold ${thread.getSnapshot().threadId ?? "a new one"}`);
    this.watch.thread(thread);
    this.held.push({ tab, thread, release: thread.open() });
  }

  private send({ tab, thread }: Held): void {
    const { clock } = this;
    const messages = thread.getSnapshot().entries.filter((entry) => entry.kind === "message" && entry.messageId !== undefined);
    const replaced = clock.chance(0.2) && messages.length > 0 ? clock.pick(messages) : undefined;
    const content = clock.chance(0.03) ? "refuse me" : `message ${this.written++}${clock.chance(0.02) ? " and more".repeat(1_000) : ""}`;
    const whenRunning = clock.pick(["queue", "queue", "steer", "interrupt"] as const);
    const sent: Sent = { content, tab, outcome: "open", restores: this.restores };
    this.sent.push(sent);
    this.trace.push(`send ${content.slice(0, 20)} to ${thread.getSnapshot().threadId ?? "a new one"}`);
    const done = thread.send(content, { whenRunning, ...(replaced?.kind === "message" && replaced.messageId && { replaces: replaced.messageId }) });
    done.then(
      ({ threadId }) => {
        Object.assign(sent, { outcome: "acked", threadId });
      },
      (failure: unknown) => {
        sent.outcome = (failure as { code: string }).code;
      },
    );
  }

  private command({ thread }: Held): void {
    const { clock } = this;
    const { entries, run, threadId } = thread.getSnapshot();
    const runs = entries.filter((entry): entry is Extract<Entry, { kind: "run" }> => entry.kind === "run").map((entry) => entry.getSnapshot());
    const asked = runs.flatMap(({ items }) => items).find((item) => item.kind === "tool" && item.state === "awaiting_approval");
    const chance = clock.random();
    if (asked?.kind === "tool") {
      this.did("decide", thread.decide(asked, clock.chance(0.6) ? "approve" : "reject"));
    } else if (run && chance < 0.3) {
      this.did("stop", thread.stop());
    } else if (chance < 0.5) {
      const waiting = entries.find((entry) => entry.kind === "message" && entry.state === "queued");
      if (waiting?.kind === "message" && waiting.messageId) {
        this.did("take back", thread.takeBack(waiting.messageId));
      }
    } else if (chance < 0.7) {
      const answer = runs.find(({ end }) => end?.messageId)?.end?.messageId;
      if (answer) {
        this.did("feedback", thread.feedback(answer, clock.pick(["up", "down", "none"] as const)));
      }
    } else if (chance < 0.9 && threadId) {
      const messages = this.server.log.threads.get(threadId)?.messages() ?? [];
      if (messages.length > 0) {
        this.did("select", thread.selectBranch(clock.pick(messages).message_id));
      }
    } else if (threadId) {
      thread.markRead();
    }
  }

  /** What may be refused; that it is answered at all is looked at in the end. */
  private did(what: string, done: Promise<unknown>): void {
    this.trace.push(what);
    done.catch((failure: unknown) => {
      this.trace.push(`${what}: ${String(failure)}`);
    });
  }

  /** Nothing fails any more, every run ends, and every page has all the time it needs. */
  private async settle(): Promise<void> {
    const { clock, server } = this;
    server.faults = NONE;
    await clock.pass(25_000);
    for (let round = 0; round < 4; round++) {
      await clock.pass(15_000);
      for (const thread of server.log.threads.values()) {
        while (thread.run) {
          server.agent.end(thread, "completed");
        }
      }
    }
    // What was lost at the end of a thread shows with the next event.
    for (const thread of server.log.threads.values()) {
      server.emit(thread, { type: "thread_renamed", title: `The end of ${thread.id}`, by: "user" });
    }
    for (const tab of this.tabs) {
      for (const id of server.log.threads.keys()) {
        const thread = tab.chat.thread(id);
        this.watch.thread(thread);
        thread.open();
      }
    }
    await clock.pass(15_000);
    for (const tab of this.tabs) {
      for (const id of server.log.threads.keys()) {
        const thread = tab.chat.thread(id);
        while (thread.getSnapshot().hasEarlier) {
          const done = new Set<string>();
          void thread.loadEarlier().finally(() => done.add("loaded"));
          while (done.size === 0) {
            await clock.pass(100);
          }
        }
      }
    }
  }
}
