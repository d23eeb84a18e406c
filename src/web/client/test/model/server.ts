import type { ClientFrame, Command, Frame, ServerFrame } from "../../src/wire.js";
import { Agent } from "./agent.js";
import type { Clock } from "./clock.js";
import { carryOut } from "./commands.js";
import { Log, type NewEvent, type ThreadLog } from "./log.js";

/** The server's end of a socket. */
export interface Peer {
  send(frame: ServerFrame): void;
  /** Ends the socket with this code. */
  end(code: number, reason?: string): void;
  follows: Set<string>;
  followsThreads: boolean;
}

/** How often things go wrong, from 0 to 1. */
export interface Faults {
  dropped: number;
  doubled: number;
  unavailable: number;
}

export const NONE: Faults = { dropped: 0, doubled: 0, unavailable: 0 };
const USER = "usr_1";

/** The server as docs/protocol.md describes it, small: one user, its threads, runs of chance, and faults. */
export class Server {
  readonly log: Log;
  readonly agent: Agent;
  readonly peers = new Set<Peer>();
  faults = NONE;
  isUp = true;
  /** Counts starts of the server. */
  incarnation = 1;
  limits: Record<string, number> = { max_message_bytes: 4_000, max_pending_commands: 8, max_pending_bytes: 8_000, max_followed_threads: 20 };
  /** Each frame that came, for tests that look at one. */
  received: ClientFrame[] = [];

  constructor(readonly clock: Clock) {
    this.log = new Log(clock);
    this.agent = new Agent(this);
  }

  connect(peer: Peer): void {
    this.peers.add(peer);
    peer.send({
      type: "connection_established",
      connection_id: this.log.issue("con"),
      user_id: USER,
      protocol: "chat.v1",
      server_time: new Date(this.clock.now).toISOString(),
      heartbeat_seconds: 15,
      limits: this.limits,
      agents: ["demo", "support"],
      log_id: this.log.id,
    });
  }

  receive(peer: Peer, frame: ClientFrame): void {
    this.received.push(frame);
    switch (frame.type) {
      case "ping":
        peer.send({ type: "pong", ...(frame.id && { id: frame.id }), server_time: new Date(this.clock.now).toISOString() });
        break;
      case "follow":
        this.follow(peer, frame);
        break;
      case "unfollow":
        peer.follows.delete(frame.thread_id);
        peer.send({ type: "ack", id: frame.id, status: "accepted", thread_id: frame.thread_id });
        break;
      case "follow_threads":
        this.followThreads(peer, frame);
        break;
      case "unfollow_threads":
        peer.followsThreads = false;
        peer.send({ type: "ack", id: frame.id, status: "accepted" });
        break;
      default:
        this.command(peer, frame);
    }
  }

  private command(peer: Peer, frame: Command): void {
    const known = this.log.answers.get(frame.id);
    if (known) {
      peer.send({ ...known, status: "duplicate" } as Frame<"ack">);
      return;
    }
    // Where a commit was under way its outcome is not known to who asked.
    const isUnclear = this.clock.chance(this.faults.unavailable);
    if (isUnclear && this.clock.chance(0.5)) {
      peer.send({ type: "error", code: "unavailable", message: "Not now.", id: frame.id, retry_after_ms: 200 });
      return;
    }
    const { answer, then } = carryOut(this, frame);
    if (answer.type === "ack" && frame.type === "chat" && answer.thread_id) {
      peer.follows.add(answer.thread_id);
    }
    peer.send(isUnclear ? { type: "error", code: "unavailable", message: "Not now.", id: frame.id, retry_after_ms: 200 } : answer);
    then?.();
  }

  private follow(peer: Peer, { id, thread_id, after_seq = 0, after_at, parts = [] }: Frame2<"follow">): void {
    const thread = this.log.threads.get(thread_id);
    peer.follows.delete(thread_id);
    const refuse = (code: string, begins?: number) => {
      peer.send({ type: "error", code, message: code, id, ...(begins !== undefined && { history_begins_at: begins }) });
    };
    if (!thread || thread.isDeleted) {
      refuse("not_found");
    } else if (after_seq > thread.events.length) {
      refuse("stale_cursor", thread.begins);
    } else if (after_seq < thread.begins - 1) {
      refuse("expired", thread.begins);
    } else if (after_seq > 0 && after_at && thread.at(after_seq) !== after_at) {
      refuse("stale_cursor", thread.begins);
    } else if (this.clock.chance(this.faults.unavailable)) {
      refuse("unavailable");
    } else {
      peer.follows.add(thread_id);
      for (const event of thread.events.slice(after_seq)) {
        this.send(peer, event);
      }
      const { part, runId: run_id = "" } = thread.run ?? {};
      const has = parts.find(({ part_id }) => part_id === part?.id)?.length ?? 0;
      if (part && part.text.length > has) {
        this.send(peer, { type: part.kind === "text" ? "agent_delta" : "agent_thinking", thread_id, run_id, part_id: part.id, offset: has, text: part.text.slice(has) });
      }
      peer.send({ type: "caught_up", thread_id, seq: thread.events.length, log_id: this.log.id });
    }
  }

  private followThreads(peer: Peer, { id, cursor }: Frame2<"follow_threads">): void {
    const [logId, place] = cursor?.split(":") ?? [this.log.id, "0"];
    if (logId !== this.log.id) {
      peer.send({ type: "error", code: "stale_cursor", message: "The log was put back.", id });
      return;
    }
    peer.followsThreads = true;
    const threads = [...this.log.threads.values()].filter(({ listed }) => listed > Number(place)).sort((a, b) => a.listed - b.listed);
    for (const thread of threads) {
      if (!thread.isDeleted) {
        peer.send({ type: "thread_listed", ...thread.row(), ...(cursor && { cursor: `${this.log.id}:${thread.listed}` }) });
      } else if (cursor) {
        peer.send({ type: "thread_unlisted", thread_id: thread.id, reason: "deleted", cursor: `${this.log.id}:${thread.listed}` });
      }
    }
    peer.send({ type: "threads_caught_up", cursor: `${this.log.id}:${this.log.listed}`, log_id: this.log.id });
  }

  /** Commits an event and sends it to who follows. */
  emit(thread: ThreadLog, event: NewEvent): number {
    const committed = this.log.append(thread, event);
    if ((event.type === "agent_completed" || event.type === "agent_failed") && !("parent_run_id" in event)) {
      thread.answerSeq = committed.seq;
    }
    if (event.type === "approval_required") {
      thread.answerSeq = committed.seq;
    }
    this.publish(thread, committed);
    this.list(thread);
    return committed.seq;
  }

  publish(thread: ThreadLog, frame: ServerFrame): void {
    for (const peer of this.peers) {
      if (peer.follows.has(thread.id)) {
        this.send(peer, frame);
      }
    }
  }

  /** A frame that is lost or comes twice, as no server should do it, must not harm. */
  private send(peer: Peer, frame: ServerFrame): void {
    if (!this.clock.chance(this.faults.dropped)) {
      peer.send(frame);
      if (this.clock.chance(this.faults.doubled)) {
        peer.send(frame);
      }
    }
  }

  /** Tells the lists what they say differently now; the time and number of the last event alone are not told. */
  list(thread: ThreadLog): void {
    const said = JSON.stringify({ ...thread.row(), updated_at: "", head: 0, gone: thread.isDeleted });
    if (said === thread.said) {
      return;
    }
    thread.said = said;
    thread.listed = ++this.log.listed;
    const cursor = `${this.log.id}:${thread.listed}`;
    for (const peer of this.peers) {
      if (peer.followsThreads) {
        peer.send(thread.isDeleted ? { type: "thread_unlisted", thread_id: thread.id, reason: "deleted", cursor } : { type: "thread_listed", ...thread.row(), cursor });
      }
    }
  }

  drain(): void {
    for (const peer of [...this.peers]) {
      peer.send({ type: "server_draining", reconnect_within_ms: 1_000 });
    }
  }

  /** What was said and not committed is gone; open runs end when it is up again. */
  crash(): void {
    this.isUp = false;
    this.incarnation++;
    for (const peer of [...this.peers]) {
      peer.end(1006);
    }
    this.peers.clear();
  }

  start(): void {
    this.isUp = true;
    for (const thread of this.log.threads.values()) {
      if (thread.run) {
        const { part } = thread.run;
        if (part) {
          part.text = part.text.slice(0, this.clock.between(0, part.text.length));
        }
        this.agent.end(thread, "failed", "interrupted");
      }
      this.agent.next(thread);
    }
  }
}

type Frame2<T extends ClientFrame["type"]> = Extract<ClientFrame, { type: T }>;
