import type { Entry, Message, RunEnd, RunItem, RunSnapshot, TextPart, ThinkingPart, ThreadSnapshot, ToolCall } from "@chatbackend/client";
import { PlayedRun } from "./played.js";

const BEGIN = Date.parse("2026-11-28T09:30:00.000Z");
let ids = 0;

export function at(seconds: number): string {
  return new Date(BEGIN + seconds * 1000).toISOString();
}

/** Just now, by the clock of the machine that looks. */
export function ago(seconds: number): string {
  return new Date(Date.now() - seconds * 1000).toISOString();
}

export function message(content: string, more: Partial<Message> = {}): Message {
  const id = `msg_${++ids}`;
  return { kind: "message", key: id, messageId: id, clientId: `c_${ids}`, seq: ids, content, at: at(ids), state: "sent", ...more };
}

export function run(answers: Message, items: readonly RunItem[], more: Partial<RunSnapshot> = {}): PlayedRun {
  const runId = `run_${++ids}`;
  return new PlayedRun({ runId, agent: "concierge", answers: answers.messageId ?? "", startedAt: at(ids), items, lostText: false, ...more });
}

export function ended(more: Partial<RunEnd> = {}): RunEnd {
  return {
    type: "completed", messageId: `msg_${++ids}`, seq: ids, at: at(ids), finish: "complete", durationMs: 4210,
    usage: { input_tokens: 1412, output_tokens: 238, cached_tokens: 1024, reasoning_tokens: 64, cost: 0.00291 }, ...more,
  };
}

export function text(words: string, done = true): TextPart {
  return { kind: "text", partId: `part_${++ids}`, text: words, done };
}

export function thought(words: string, seconds: number): ThinkingPart {
  return { kind: "thinking", partId: `part_${++ids}`, text: words, done: true, startedAt: at(0), endedAt: at(seconds) };
}

export function call(tool: string, args: unknown, more: Partial<ToolCall> = {}): ToolCall {
  return { kind: "tool", callId: `call_${++ids}`, tool, arguments: args, state: "succeeded", startedAt: ago(3), durationMs: 420, ...more };
}

export function thread(entries: readonly Entry[], more: Partial<ThreadSnapshot> = {}): ThreadSnapshot {
  const open = entries.findLast((entry): entry is PlayedRun => entry instanceof PlayedRun && entry.getSnapshot().end === undefined);
  return { threadId: "thr_1", agent: "concierge", state: "live", hasEarlier: false, entries, ...(open === undefined ? {} : { run: open }), ...more };
}
