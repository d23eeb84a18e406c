import type { Message, RunItem, RunSnapshot, Thread, ThreadRow } from "../../src/api.js";
import type { ThreadEvent } from "../../src/wire.js";
import type { ThreadLog } from "./log.js";

/** What people read of a run, without times. */
function readItem(item: RunItem): object {
  switch (item.kind) {
    case "text":
    case "thinking":
      return { kind: item.kind, id: item.partId, text: item.text, done: item.done };
    case "tool":
      return { kind: item.kind, id: item.callId, state: item.state, decision: item.approval?.decision, nested: item.nested && readRun(item.nested.getSnapshot()) };
    case "steered":
      return { kind: item.kind, id: item.messageId };
    default:
      return { kind: item.kind };
  }
}

function readRun(run: RunSnapshot): object {
  return { id: run.runId, agent: run.agent, answers: run.answers, items: run.items.map(readItem), end: run.end?.type, feedback: run.feedback?.rating };
}

const readMessage = ({ messageId, content, state, branch }: Message) => ({ messageId, content, state, branch: branch && { index: branch.index, of: branch.of } });

/** A thread as a client shows it, without what is not in the log. */
export function shown(thread: Thread): string {
  const { entries, title } = thread.getSnapshot();
  const read = entries.flatMap((entry) => {
    if (entry.kind === "message") {
      return entry.state === "failed" ? [] : [readMessage(entry)];
    }
    return entry.kind === "run" ? [readRun(entry.getSnapshot())] : [{ note: entry.title ?? entry.type }];
  });
  return JSON.stringify({ title, read }, null, 1);
}

/** The same from the log, worked out in another way: each message is asked whether it is on the path, each run is read alone. */
export function expected(log: ThreadLog): string {
  const { events } = log;
  const runs = events.filter((event) => event.type === "agent_started" && !event.parent_run_id);
  const path = log.path();
  const versions = new Map<string, string[]>();
  for (const { message_id, replaces } of log.messages()) {
    if (replaces) {
      const group = [...(versions.get(replaces) ?? [replaces]), message_id];
      group.forEach((id) => versions.set(id, group));
    }
  }
  const isAnswered = (id: string) => events.some((event) => (event.type === "agent_started" || event.type === "message_steered") && event.message_id === id);
  /** A note stands below the message that was the last of the path when it came. */
  const below = (id: string | undefined) =>
    events.flatMap((event, place) => {
      if (event.type === "agent_started" && !event.parent_run_id && event.message_id === id) {
        return [runOf(log, event.run_id)];
      }
      return event.type === "thread_renamed" && log.path(events.slice(0, place)).at(-1)?.message_id === id ? [{ note: event.title }] : [];
    });
  const read: object[] = runs.length >= 0 ? below(undefined) : [];
  for (const message of path) {
    const { message_id: messageId, content, when_running } = message;
    const of = versions.get(messageId);
    read.push({ messageId, content, state: when_running && !isAnswered(messageId) ? "queued" : "sent", branch: of && { index: of.indexOf(messageId), of } });
    read.push(...below(messageId));
  }
  return JSON.stringify({ title: log.row().title, read }, null, 1);
}

function runOf(log: ThreadLog, runId: string): object {
  const own = log.events.filter((event): event is Extract<ThreadEvent, { run_id: string }> => "run_id" in event && event.run_id === runId);
  const started = own.find((event) => event.type === "agent_started");
  const cutAt = own.find((event) => event.type === "message_steered" && !log.path().some(({ message_id }) => message_id === event.message_id));
  const ids = [...new Set(own.map(idOf))].filter((id) => id !== undefined);
  const items = ids.map((id) => itemOf(log, runId, own, id)).filter((item) => item.seq < (cutAt?.seq ?? Infinity));
  const end = own.find((event) => event.type === "agent_completed" || event.type === "agent_stopped" || event.type === "agent_failed");
  const rated = log.events.findLast((event) => event.type === "feedback_given" && event.message_id === (end && "message_id" in end ? end.message_id : ""));
  const rating = rated?.type === "feedback_given" && rated.rating !== "none" ? rated.rating : undefined;
  return {
    id: runId,
    agent: started && "agent" in started ? started.agent : "",
    answers: started && "message_id" in started ? started.message_id : "",
    items: items.map(({ item }) => item),
    end: end?.type.slice(6),
    feedback: rating,
  };
}

function idOf(event: ThreadEvent): string | undefined {
  if ("part_id" in event && event.part_id) {
    return event.part_id;
  }
  if ("call_id" in event) {
    return event.call_id;
  }
  return event.type === "message_steered" ? event.message_id : undefined;
}

function itemOf(log: ThreadLog, runId: string, own: ThreadEvent[], id: string): { seq: number; item: object } {
  const of = own.filter((event) => idOf(event) === id);
  const [first] = of;
  const seq = first?.seq ?? 0;
  const part = of.find((event) => "part_id" in event);
  if (part) {
    const isPart = part.type === "agent_part";
    return { seq, item: { kind: isPart ? part.kind : "text", id, text: isPart ? part.text : "content" in part ? part.content : "", done: true } };
  }
  if (first?.type === "message_steered") {
    return { seq, item: { kind: "steered", id } };
  }
  const completed = of.find((event) => event.type === "tool_completed");
  const decided = of.find((event) => event.type === "approval_decided");
  const nested = log.events.find((event) => event.type === "agent_started" && event.parent_run_id === runId && id === `call_${event.run_id}`);
  return {
    seq,
    item: {
      kind: "tool",
      id,
      state: completed?.outcome ?? "open",
      decision: decided?.decision,
      nested: nested && "run_id" in nested ? runOf(log, nested.run_id) : undefined,
    },
  };
}

/** A row without what the list is not told of each event. */
export const shownRow = ({ threadId, title, agent, archived, running, needsApproval, unread }: ThreadRow): object => ({ threadId, title, agent, archived, running, needsApproval, unread });

export const expectedRow = (log: ThreadLog): object => {
  const { thread_id: threadId, title, agent, archived, running, needs_approval: needsApproval, unread } = log.row();
  return { threadId, title, agent, archived, running, needsApproval, unread };
};
