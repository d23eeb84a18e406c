import type { Answer, Command, Frame } from "../../src/wire.js";
import { ThreadLog } from "./log.js";
import type { Server } from "./server.js";

type Carried = { answer: Answer; then?: () => void };
type Of<T extends Command["type"]> = Extract<Command, { type: T }>;

const refused = (id: string, code: string): Carried => ({ answer: { type: "error", code, message: code, id } });

/** Does what a command asks for; `then` is what follows from it, after the answer. */
export function carryOut(server: Server, frame: Command): Carried {
  switch (frame.type) {
    case "chat":
      return chat(server, frame);
    case "stop":
      return stop(server, frame);
    case "decide":
      return decide(server, frame);
    case "select_branch":
      return select(server, frame);
    case "feedback":
      return feedback(server, frame);
    case "mark_read":
      return read(server, frame);
    default:
      return refused(frame.id, "unknown_type");
  }
}

const found = ({ log }: Server, id: string | undefined) => {
  const thread = id === undefined ? undefined : log.threads.get(id);
  return thread?.isDeleted ? undefined : thread;
};

const ack = (server: Server, frame: Command, rest: Partial<Frame<"ack">>): Frame<"ack"> =>
  server.log.answered(frame, { type: "ack", id: frame.id, status: "accepted", ...rest });

function chat(server: Server, frame: Of<"chat">): Carried {
  const { log, clock } = server;
  const { id, content, agent, when_running, replaces, thread_id } = frame;
  let thread = found(server, thread_id);
  if (thread_id && !thread) {
    return refused(id, "not_found");
  }
  if (content === "refuse me") {
    return refused(id, "unknown_agent");
  }
  if (!thread) {
    thread = new ThreadLog(log.issue("thr"), new Date(clock.now).toISOString());
    log.threads.set(thread.id, thread);
  }
  const at = thread;
  const replaced = at.messages().find(({ message_id }) => message_id === replaces);
  if (replaces && !replaced) {
    return refused(id, "not_found");
  }
  const isBusy = !!at.run || at.waiting.length > 0;
  if (isBusy && when_running === "reject") {
    return refused(id, "run_in_progress");
  }
  const message_id = log.issue("msg");
  const before = at.events.length;
  // The whole commit comes before the answer; who follows is told after it.
  const held: (() => void)[] = [];
  const publish = server.publish.bind(server);
  server.publish = (...what) => { held.push(() => { publish(...what); }); };
  if (replaced) {
    const selection = at.selection(replaced);
    if (selection) {
      server.emit(at, selection);
    }
    const kept = at.path().filter(({ seq }) => seq < replaced.seq);
    server.emit(at, { type: "thread_rewound", to_seq: kept.at(-1)?.seq ?? 0 });
    at.waiting = at.waiting.filter((message) => at.isActive(message));
  }
  const waits = isBusy ? (when_running ?? "queue") : undefined;
  const seq = server.emit(at, {
    type: "user_message",
    message_id,
    content,
    client_id: id,
    ...(agent && { agent }),
    ...(waits && { when_running: waits }),
    ...(replaces && { replaces }),
  });
  at.archived = false;
  at.readSeq = seq;
  const message = at.events[seq - 1] as Frame<"user_message">;
  if (waits === "interrupt") {
    at.waiting.unshift(message);
  } else {
    at.waiting.push(message);
  }
  server.publish = publish;
  server.list(at);
  return {
    answer: ack(server, frame, { thread_id: at.id, seq: before < seq ? seq : before, message_id }),
    then: () => {
      for (const tell of held) {
        tell();
      }
      if (waits === "interrupt") {
        server.agent.end(at, "stopped", "interrupted_by_message");
      }
      server.agent.next(at);
    },
  };
}

function stop(server: Server, frame: Of<"stop">): Carried {
  const thread = found(server, frame.thread_id);
  if (!thread) {
    return refused(frame.id, "not_found");
  }
  const waiting = thread.waiting.find(({ message_id }) => message_id === frame.message_id);
  if (waiting) {
    thread.waiting = thread.waiting.filter((message) => message !== waiting);
    const answer = ack(server, frame, { thread_id: thread.id, message_id: waiting.message_id });
    return { answer, then: () => { server.emit(thread, { type: "message_removed", message_id: waiting.message_id }); } };
  }
  if (!thread.run || (frame.run_id && frame.run_id !== thread.run.runId) || (frame.message_id && frame.message_id !== thread.run.answers)) {
    return refused(frame.id, "no_such_run");
  }
  const answer = ack(server, frame, { thread_id: thread.id, run_id: thread.run.runId });
  return { answer, then: () => { server.agent.end(thread, "stopped"); } };
}

function decide(server: Server, frame: Of<"decide">): Carried {
  const thread = found(server, frame.thread_id);
  const run = thread?.run;
  if (!thread || frame.arguments_digest !== `sha256:${frame.call_id}`) {
    return refused(frame.id, "not_found");
  }
  if (!run || run.asked !== frame.call_id) {
    const isDecided = thread.events.some((event) => event.type === "approval_decided" && event.call_id === frame.call_id);
    return refused(frame.id, isDecided ? "already_decided" : "no_such_run");
  }
  const { runId: run_id } = run;
  const { call_id, decision, note } = frame;
  delete run.asked;
  const answer = ack(server, frame, { thread_id: thread.id, run_id });
  return {
    answer,
    then: () => {
      server.emit(thread, { type: "approval_decided", run_id, call_id, decision, decided_by: "usr_1", ...(note && { note }) });
      if (decision === "approve") {
        server.emit(thread, { type: "tool_executing", run_id, call_id, tool: "send_mail", arguments: { to: "ada" } });
      }
      const outcome = decision === "approve" ? "succeeded" : "rejected";
      server.emit(thread, { type: "tool_completed", run_id, call_id, tool: "send_mail", outcome, duration_ms: 2 });
    },
  };
}

function select(server: Server, frame: Of<"select_branch">): Carried {
  const thread = found(server, frame.thread_id);
  const message = thread?.messages().find(({ message_id }) => message_id === frame.message_id);
  if (!thread || !message || thread.events.some((event) => event.type === "message_removed" && event.message_id === frame.message_id)) {
    return refused(frame.id, "not_found");
  }
  if (thread.run || thread.waiting.length > 0) {
    return refused(frame.id, "run_in_progress");
  }
  const selection = thread.selection(message);
  const answer = ack(server, frame, { thread_id: thread.id, message_id: frame.message_id });
  return { answer, then: () => { if (selection) { server.emit(thread, selection); } } };
}

function feedback(server: Server, frame: Of<"feedback">): Carried {
  const thread = found(server, frame.thread_id);
  const { message_id, rating, note } = frame;
  if (!thread?.events.some((event) => (event.type === "agent_completed" || event.type === "agent_stopped") && event.message_id === message_id)) {
    return refused(frame.id, "not_found");
  }
  const answer = ack(server, frame, { thread_id: thread.id, message_id });
  return { answer, then: () => { server.emit(thread, { type: "feedback_given", message_id, rating, ...(note && { note }), by: "usr_1" }); } };
}

function read(server: Server, frame: Of<"mark_read">): Carried {
  const thread = found(server, frame.thread_id);
  if (!thread) {
    return refused(frame.id, "not_found");
  }
  thread.readSeq = Math.max(thread.readSeq, frame.seq ?? thread.events.length);
  server.list(thread);
  return { answer: { type: "ack", id: frame.id, status: "accepted", thread_id: thread.id } };
}
