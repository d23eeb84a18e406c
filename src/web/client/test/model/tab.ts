import type { Chat } from "../../src/api.js";
import type { ChatEnv, ChatOptions } from "../../src/options.js";
import { createChat } from "../../src/index.js";
import type { ChatStorage, StoredValue } from "../../src/storage.js";
import type { ClientFrame } from "../../src/wire.js";
import type { Clock } from "./clock.js";
import { answerHttp } from "./http.js";
import type { Peer, Server } from "./server.js";

/** What the tabs of one browser share: what is kept, the locks, and the channel between them. */
export class Browser {
  readonly values = new Map<number, string>();
  readonly tabs = new Set<Tab>();
  readonly queues = new Map<string, { tab: Tab; grant: () => void }[]>();
  /** The text of every message that was ever durable here. */
  readonly written = new Set<string>();
  last = 0;

  constructor(
    readonly clock: Clock,
    readonly server: Server,
  ) {}

  open(options: Partial<ChatOptions> = {}): Tab {
    const tab = new Tab(this, options);
    this.tabs.add(tab);
    return tab;
  }
}

/** One page: its timers, sockets and what it was about to write end with it. */
export class Tab {
  isAlive = true;
  /** No new socket gets through. */
  isSilent = false;
  readonly sockets = new Set<Socket>();
  readonly chat: Chat;
  private readonly storage: ChatStorage;

  constructor(
    readonly browser: Browser,
    options: Partial<ChatOptions>,
  ) {
    this.storage = this.makeStorage();
    this.chat = createChat({
      url: "http://server.test/",
      storage: this.storage,
      WebSocket: Socket.bind(undefined, this) as unknown as NonNullable<ChatOptions["WebSocket"]>,
      fetch: ((url: URL, init: RequestInit) => this.fetch(url, init)) as typeof fetch,
      env: this.env(),
      ...options,
    });
  }

  /** Work of this page, if it still is. */
  readonly later = (work: () => void, ms: number): object => this.clock.later(() => { if (this.isAlive) { work(); } }, ms);

  get clock(): Clock {
    return this.browser.clock;
  }

  cut(isTold = true): void {
    for (const socket of [...this.sockets]) {
      socket.cut(isTold);
    }
  }

  /** The network is gone for a while: nothing gets through in either direction any more on what is open, and nobody is told. */
  silence(ms: number): void {
    this.isSilent = true;
    for (const socket of this.sockets) {
      socket.isDead = true;
    }
    this.clock.later(() => { this.isSilent = false; }, ms);
  }

  /** The process ends: nothing of it happens any more, and what it held is free. */
  die(): void {
    this.isAlive = false;
    this.browser.tabs.delete(this);
    this.cut(false);
    for (const [name, queue] of this.browser.queues) {
      const held = queue[0]?.tab === this;
      const left = queue.filter(({ tab }) => tab !== this);
      this.browser.queues.set(name, left);
      if (held) {
        left[0]?.grant();
      }
    }
  }

  private env(): ChatEnv {
    const { clock } = this;
    return {
      now: () => clock.now,
      later: this.later,
      cancel: (timer) => { clock.cancel(timer); },
      random: () => clock.random(),
      newId: () => `c_${Math.floor(clock.random() * 2 ** 48).toString(36)}`,
      batch: (flush) => this.later(flush, 16),
    };
  }

  private makeStorage(): ChatStorage {
    const { browser, clock } = this;
    const { values, queues } = browser;
    /** What is asked for takes its time, and does not happen when the page ends before. */
    const soon = <T>(work: () => T) =>
      new Promise<T>((resolve) => {
        this.later(() => { resolve(work()); }, clock.between(0, 4));
      });
    const next = (name: string) => {
      const queue = queues.get(name) ?? [];
      queue.shift();
      queue[0]?.grant();
    };
    return {
      all: () => soon(() => [...values].sort(([a], [b]) => a - b).map(([, value]) => JSON.parse(value) as StoredValue)),
      write: (put, remove = []) =>
        soon(() => {
          for (const value of put) {
            value.n ??= ++browser.last;
            values.set(value.n, JSON.stringify(value));
            browser.written.add((value as { frame?: { content?: string } }).frame?.content ?? "");
          }
          for (const n of remove) {
            values.delete(n);
          }
        }),
      lock: (name, hold, signal) =>
        new Promise((resolve, reject) => {
          const queue = queues.get(name) ?? [];
          queues.set(name, queue);
          let isGranted = false;
          const waiter = {
            tab: this,
            grant: () => {
              isGranted = true;
              this.later(() => {
                void hold().then((value) => { next(name); resolve(value); }, (failure: unknown) => { next(name); reject(new Error(String(failure))); });
              }, 1);
            },
          };
          queue.push(waiter);
          signal?.addEventListener("abort", () => {
            const place = queues.get(name)?.indexOf(waiter) ?? -1;
            if (!isGranted && place >= 0) {
              queues.get(name)?.splice(place, 1);
              reject(new Error("aborted"));
            }
          });
          if (queue.length === 1) {
            waiter.grant();
          }
        }),
      post: (message) => {
        const text = JSON.stringify(message);
        for (const tab of browser.tabs) {
          if (tab !== this) {
            tab.later(() => { tab.storage.onmessage?.(JSON.parse(text)); }, clock.between(1, 5));
          }
        }
      },
      close: () => undefined,
    };
  }

  private async fetch(url: URL, init: RequestInit): Promise<Response> {
    const { clock, server } = this.browser;
    const body = await (init.body as Blob | null)?.text();
    return new Promise((resolve, reject) => {
      this.later(() => {
        if (!server.isUp || this.isSilent || clock.chance(server.faults.unavailable)) {
          reject(new TypeError("fetch failed"));
          return;
        }
        const response = answerHttp(server, init.method ?? "GET", url, body);
        this.later(() => { resolve(response); }, clock.between(1, 60));
      }, clock.between(1, 60));
    });
  }
}

/** A socket between a page and the server: in order, at its own pace, until it is cut. */
export class Socket implements Peer {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly follows = new Set<string>();
  followsThreads = false;
  private isOpen = true;
  private isDown = false;
  isDead = false;
  private toServer = 0;
  private toPage = 0;

  constructor(
    private readonly tab: Tab,
    readonly address: string,
    readonly protocols: string[],
  ) {
    const { clock, server } = tab.browser;
    tab.sockets.add(this);
    tab.later(() => {
      if (!server.isUp || tab.isSilent) {
        this.down(1006, "");
      } else if (this.isOpen) {
        this.onopen?.();
        server.connect(this);
      }
    }, clock.between(1, 100));
  }

  /** The page's side. */
  send(frame: unknown): void {
    const { clock, server, queues } = this.tab.browser;
    if (typeof frame === "string") {
      const { type, id } = JSON.parse(frame) as { type: string; id: string };
      if (["chat", "stop", "decide", "select_branch", "feedback"].includes(type) && queues.get("send")?.[0]?.tab !== this.tab) {
        throw new Error(`A tab sends ${type} ${id}, and another one has the right to.`);
      }
      this.toServer = Math.max(this.toServer, clock.now + clock.between(1, 60));
      clock.later(() => {
        if (this.isOpen && server.peers.has(this) && !this.isDead) {
          server.receive(this, JSON.parse(frame) as ClientFrame);
        }
      }, this.toServer - clock.now);
    } else {
      const data = JSON.stringify(frame);
      this.toPage = Math.max(this.toPage, clock.now + clock.between(1, 60));
      this.tab.later(() => {
        // A socket that was given up may still bring what was under way.
        if (!this.isDead && !this.isDown) {
          this.onmessage?.({ data });
        }
      }, this.toPage - clock.now);
    }
  }

  close(): void {
    this.cut(false);
  }

  /** The server's side. */
  end(code: number, reason = ""): void {
    this.tab.browser.server.peers.delete(this);
    this.tab.later(() => { if (!this.isDead) { this.down(code, reason); } }, Math.max(1, this.toPage - this.tab.clock.now + 1));
  }

  cut(isTold: boolean): void {
    this.isOpen = false;
    this.tab.sockets.delete(this);
    this.tab.clock.later(() => this.tab.browser.server.peers.delete(this), 50);
    if (isTold) {
      this.down(1006, "");
    }
  }

  private down(code: number, reason: string): void {
    this.isOpen = false;
    this.isDown = true;
    this.tab.sockets.delete(this);
    this.onclose?.({ code, reason });
  }
}
