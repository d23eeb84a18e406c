import type { Answer, Command, Frame, Row, ThreadEvent } from "../../src/wire.js";
import type { Clock } from "./clock.js";

type Draft<T> = T extends { seq: number } ? Omit<T, "thread_id" | "seq" | "at"> : never;
export type NewEvent = Draft<ThreadEvent>;
export type UserMessage = Frame<"user_message">;

export interface OpenRun {
  runId: string;
  answers: string;
  /** What is said of the open part, not durable yet. */
  part?: { id: string; kind: "text" | "thinking"; text: string };
  asked?: string;
  nested?: string;
}

/** One thread as the server has it. */
export class ThreadLog {
  events: ThreadEvent[] = [];
  run: OpenRun | undefined;
  waiting: UserMessage[] = [];
  begins = 1;
  archived = false;
  isDeleted = false;
  readSeq = 0;
  answerSeq = 0;
  listed = 0;
  /** What the list last said. */
  said = "";

  constructor(
    readonly id: string,
    readonly createdAt: string,
  ) {}

  at(seq: number): string | undefined {
    return this.events[seq - 1]?.at;
  }

  row(): Row {
    const messages = this.events.filter((event) => event.type === "agent_started" || event.type === "user_message");
    const titles = this.events.filter((event) => event.type === "thread_renamed");
    const agent = messages.findLast((event) => event.agent)?.agent;
    const title = titles.at(-1)?.title;
    return {
      thread_id: this.id,
      ...(title && { title }),
      archived: this.archived,
      created_at: this.createdAt,
      updated_at: this.events.at(-1)?.at ?? this.createdAt,
      head: this.events.length,
      running: !!this.run || this.waiting.length > 0,
      needs_approval: !!this.run?.asked,
      unread: this.answerSeq > this.readSeq,
      ...(agent && { agent }),
      history_begins_at: this.begins,
    };
  }

  /** Whether a message is on the active path, by the rule of docs/protocol.md: the last event that reaches back behind it decides. */
  isActive(message: UserMessage, events = this.events): boolean {
    if (message.seq > events.length || events.some((event) => event.type === "message_removed" && event.message_id === message.message_id)) {
      return false;
    }
    const decides = events.findLast(
      (event) => (event.type === "thread_rewound" || event.type === "branch_selected") && event.to_seq < message.seq && message.seq < event.seq,
    );
    return !decides || (decides.type === "branch_selected" && decides.restored.some(({ after_seq, before_seq }) => after_seq < message.seq && message.seq < before_seq));
  }

  path(events = this.events): UserMessage[] {
    return this.messages().filter((message) => this.isActive(message, events));
  }

  /** What makes the branch of this message active, as it was when the message was last on the path. */
  selection(message: UserMessage): NewEvent | undefined {
    if (this.isActive(message)) {
      return undefined;
    }
    let length = this.events.length;
    while (!this.isActive(message, this.events.slice(0, length))) {
      length--;
    }
    const now = this.path();
    const then = this.path(this.events.slice(0, length));
    const common = then.findIndex(({ seq }, place) => now[place]?.seq !== seq);
    const restored = then.slice(common).map(({ seq }) => ({ after_seq: seq - 1, before_seq: seq + 1 }));
    return { type: "branch_selected", message_id: message.message_id, to_seq: then[common - 1]?.seq ?? 0, restored };
  }

  messages(): UserMessage[] {
    return this.events.filter((event) => event.type === "user_message");
  }
}

/** Everything the server has durably; a restore puts an older copy of it back. */
export class Log {
  id = "log1";
  threads = new Map<string, ThreadLog>();
  answers = new Map<string, Answer>();
  listed = 0;
  private issued = 0;

  constructor(readonly clock: Clock) {}

  /** No id comes twice, also after a restore. */
  issue(prefix: string): string {
    return `${prefix}_${String(++this.issued)}`;
  }

  append(thread: ThreadLog, event: NewEvent): ThreadEvent {
    const last = thread.events.at(-1)?.at ?? "";
    const now = new Date(this.clock.now).toISOString();
    const whole = { ...event, thread_id: thread.id, seq: thread.events.length + 1, at: now > last ? now : last };
    thread.events.push(whole);
    return whole;
  }

  copy(): Pick<Log, "threads" | "answers" | "listed"> {
    return structuredClone({
      threads: this.threads,
      answers: this.answers,
      listed: this.listed,
    });
  }

  restore(copy: ReturnType<Log["copy"]>): void {
    const own = structuredClone(copy);
    this.id = this.issue("log");
    this.answers = own.answers;
    this.listed = own.listed;
    this.threads = new Map([...own.threads].map(([id, thread]) => [id, Object.assign(new ThreadLog(id, thread.createdAt), thread)]));
  }

  /** What a durable command said the first time. */
  answered(frame: Command, answer: Frame<"ack">): Frame<"ack"> {
    this.answers.set(frame.id, answer);
    return answer;
  }
}
