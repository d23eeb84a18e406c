import type { Approval, Run, RunEnd, RunItem, RunSnapshot, ToolCall } from "./api.js";
import type { Client } from "./client.js";
import { Source } from "./observable.js";
import { type Frame, type ThreadEvent, camel } from "./wire.js";

type Part = Extract<RunItem, { done: boolean }>;

export const isInFlight = (item: RunItem): item is Part => "done" in item && !item.done;

export type RunHead = Pick<RunSnapshot, "agent" | "answers" | "startedAt" | "traceId">;

/** One answer: its parts, tool calls and notes in the order they came. */
export class RunModel extends Source<RunSnapshot> implements Run {
  readonly kind = "run";
  readonly key: string;
  readonly runId: string;
  _items: RunItem[] = [];
  /** Where the part or call of this id stands. */
  _places = new Map<string, number>();
  /** Given before anything else. */
  _head!: RunHead;
  _end: RunEnd | undefined;
  _feedback: RunSnapshot["feedback"];
  _lost = false;
  /** From this item on it was said knowing a message that is replaced. */
  _cut: number | undefined;
  /** The `at` of its newest event. */
  _at!: string;

  constructor(client: Client, runId: string) {
    super(client);
    this.key = this.runId = runId;
  }

  /** Begins again, for the same events and earlier ones; text in flight, which no event has, is kept for `_resume`. */
  _restart() {
    const flight = this._items.filter(isInFlight);
    this._items = [];
    this._places.clear();
    this._end = this._feedback = this._cut = undefined;
    return () => {
      for (const part of flight) {
        if (!this._end && !this._places.has(part.partId)) {
          this._put(part.partId, part);
        }
      }
    };
  }

  override _build(): RunSnapshot {
    return {
      runId: this.runId,
      ...this._head,
      items: this._items.slice(0, this._cut),
      lostText: this._lost,
      end: this._end,
      feedback: this._feedback,
    } as RunSnapshot;
  }

  _rate(feedback: RunSnapshot["feedback"]) {
    this._feedback = feedback;
    this._touch();
  }

  /** What came after this message entered the run is left out; without an id nothing is. */
  _cutAt(messageId?: string) {
    this._cut = messageId === undefined ? messageId : this._places.get(messageId);
    this._touch();
  }

  _find(id: string) {
    return this._items[this._places.get(id) ?? -1];
  }

  _put(id: string, item: RunItem) {
    let place = this._places.get(id);
    if (place === undefined) {
      place = this._items.length;
      const last = this._items[place - 1];
      // What is durable came before the text in flight, when that is here already.
      if (last && isInFlight(last) && !isInFlight(item)) {
        this._items[place] = last;
        this._places.set(last.partId, place--);
      }
      this._places.set(id, place);
    }
    this._items[place] = item;
    this._touch();
  }

  /** False when text is missing before this. */
  _delta({ type, part_id, offset, text }: Frame<"agent_delta"> | Frame<"agent_thinking">): boolean {
    const part = this._find(part_id) as Part | undefined;
    const has = part?.text ?? "";
    if (this._end || part?.done) {
      return true;
    }
    if (offset > has.length) {
      return false;
    }
    const rest = text.slice(has.length - offset);
    if (rest) {
      this._part(part_id, type === "agent_delta" ? "text" : "thinking", has + rest);
    }
    return true;
  }

  /** With `endedAt` the part is over. */
  _part(partId: string, kind: "text" | "thinking", text: string, endedAt?: string) {
    const part = this._find(partId) as Part | undefined;
    // The durable text replaces what was shown of it: less than that, or something else, is said.
    this._lost ||= !!part && !text.startsWith(part.text);
    this._put(partId, { startedAt: this._at, ...part, kind, partId, text, done: !!endedAt, endedAt } as Part);
  }

  _tool(event: { call_id: string; at?: string; tool?: string; arguments?: unknown }, change: Partial<ToolCall>) {
    const { call_id: callId, tool, at: startedAt = this._at, arguments: args } = event;
    this._put(callId, { kind: "tool", callId, tool, arguments: args, state: "running", startedAt, ...this._find(callId), ...change } as ToolCall);
  }

  /** The wire does not say which call a nested run belongs to: the newest of the tool that has the agent's name. */
  _nest(run: RunModel) {
    const call = this._items.findLast((item) => "tool" in item && item.tool === run._head.agent && !item.nested) as ToolCall | undefined;
    if (call) {
      this._put(call.callId, { ...call, nested: run });
    }
  }

  _apply(event: ThreadEvent) {
    switch (event.type) {
      case "agent_part":
        this._part(event.part_id, event.kind, event.text, event.at);
        break;
      case "tool_executing":
        this._tool(event, { state: "running", startedAt: event.at });
        break;
      case "tool_completed":
        this._tool(event, { ...camel(event), state: event.outcome });
        break;
      case "approval_required":
        this._tool(event, { state: "awaiting_approval", approval: camel(event) });
        break;
      case "approval_decided": {
        const asked = (this._find(event.call_id) as ToolCall | undefined)?.approval;
        this._tool(event, { state: event.decision === "approve" ? "running" : "rejected", approval: { ...asked, ...camel(event) } as Approval });
        break;
      }
      case "agent_fallback":
        this._put(String(event.seq), { ...camel(event), kind: "fallback" });
        break;
      case "agent_context_trimmed":
        this._put(String(event.seq), { ...camel(event), kind: "trimmed" });
        break;
      case "message_steered":
        this._put(event.message_id, { kind: "steered", messageId: event.message_id });
        break;
      case "agent_completed":
      case "agent_stopped":
      case "agent_failed": {
        if (event.part_id) {
          this._part(event.part_id, "text", event.content as string, event.at);
        }
        const over = this._items.filter((item) => !isInFlight(item));
        this._lost ||= over.length < this._items.length;
        this._items = over;
        this._end = { ...camel(event), type: event.type.slice(6) as RunEnd["type"] };
        this._touch();
      }
    }
    this._at = event.at;
  }
}
