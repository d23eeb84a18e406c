import type { NewEvent, ThreadLog } from "./log.js";
import type { Server } from "./server.js";

const WORDS = ["It", "is", "half", "past", "ten", "in", "Zürich", "🕥", "and", "the", "lake", "is", "calm."];

/** Runs that speak, think, call tools, ask for approval, call another agent and end, a step at a time and at moments of chance. */
export class Agent {
  constructor(private readonly server: Server) {}

  /** Begins the next run if none is open and a message waits. */
  next(thread: ThreadLog): void {
    const message = thread.run ? undefined : thread.waiting.shift();
    if (message) {
      const runId = this.server.log.issue("run");
      thread.run = { runId, answers: message.message_id };
      this.emit(thread, { type: "agent_started", run_id: runId, agent: message.agent ?? "demo", message_id: message.message_id });
      this.later(thread);
    }
  }

  end(thread: ThreadLog, how: "completed" | "stopped" | "failed", reason = "user"): void {
    const run = thread.run;
    if (!run) {
      return;
    }
    const { runId: run_id, part, asked, nested } = run;
    const { log } = this.server;
    if (asked) {
      this.emit(thread, { type: "tool_completed", run_id, call_id: asked, tool: "send_mail", outcome: "abandoned", duration_ms: 1 });
    }
    if (nested) {
      this.emit(thread, { type: "agent_stopped", run_id: nested, parent_run_id: run_id, message_id: log.issue("msg"), content: "", reason: "user" });
      this.emit(thread, { type: "tool_completed", run_id, call_id: `call_${nested}`, tool: "researcher", outcome: "abandoned", duration_ms: 1 });
    }
    const text = part?.kind === "text" ? { part_id: part.id, content: part.text } : { content: "" };
    if (part?.kind === "thinking" && how !== "failed") {
      this.emit(thread, { type: "agent_part", run_id, part_id: part.id, kind: part.kind, text: part.text });
    }
    const message_id = log.issue("msg");
    thread.run = undefined;
    if (how === "completed") {
      this.emit(thread, { type: "agent_completed", run_id, message_id, ...text, finish: "complete", duration_ms: 9 });
    } else if (how === "stopped") {
      this.emit(thread, { type: "agent_stopped", run_id, message_id, ...text, reason });
    } else {
      this.emit(thread, { type: "agent_failed", run_id, code: reason, message: "It failed.", retryable: true, ...text });
    }
    if (!thread.row().title) {
      this.emit(thread, { type: "thread_renamed", title: `About ${thread.id}`, by: "agent", from_seq: 1 });
    }
    this.next(thread);
  }

  private emit(thread: ThreadLog, event: NewEvent): void {
    this.server.emit(thread, event);
  }

  private later(thread: ThreadLog): void {
    const { clock } = this.server;
    const runId = thread.run?.runId;
    const { incarnation } = this.server;
    clock.later(() => {
      const own = this.server.log.threads.get(thread.id);
      if (own && own.run?.runId === runId && incarnation === this.server.incarnation && !own.isDeleted) {
        this.step(own);
        this.later(own);
      }
    }, clock.between(20, 400));
  }

  private step(thread: ThreadLog): void {
    const { clock, log } = this.server;
    const run = thread.run;
    if (!run || run.asked) {
      return;
    }
    const { runId: run_id, part } = run;
    if (run.nested) {
      const nested = { run_id: run.nested, parent_run_id: run_id };
      if (clock.chance(0.6)) {
        this.emit(thread, { type: "agent_part", ...nested, part_id: log.issue("part"), kind: "text", text: this.words(2) });
      } else {
        this.emit(thread, { type: "agent_completed", ...nested, message_id: log.issue("msg"), content: "", duration_ms: 3 });
        this.emit(thread, { type: "tool_completed", run_id, call_id: `call_${run.nested}`, tool: "researcher", outcome: "succeeded", result: 1, duration_ms: 3 });
        delete run.nested;
      }
      return;
    }
    if (part && clock.chance(0.75)) {
      this.say(thread, this.words(clock.between(1, 4)));
    } else if (part && (part.kind === "thinking" || clock.chance(0.5))) {
      this.emit(thread, { type: "agent_part", run_id, part_id: part.id, kind: part.kind, text: part.text });
      delete run.part;
    } else if (part) {
      this.end(thread, clock.chance(0.85) ? "completed" : "failed", "timeout");
    } else if (clock.chance(0.6)) {
      run.part = { id: log.issue("part"), kind: clock.chance(0.3) ? "thinking" : "text", text: "" };
      this.say(thread, this.words(1));
    } else {
      this.tool(thread);
    }
  }

  private tool(thread: ThreadLog): void {
    const { clock, log } = this.server;
    const run = thread.run;
    if (!run) {
      return;
    }
    const call_id = log.issue("call");
    const steering = thread.waiting.findIndex(({ when_running }) => when_running === "steer");
    if (steering >= 0) {
      const [message] = thread.waiting.splice(steering, 1);
      this.emit(thread, { type: "message_steered", run_id: run.runId, message_id: message?.message_id ?? "" });
    } else if (clock.chance(0.25)) {
      run.asked = call_id;
      this.emit(thread, {
        type: "approval_required",
        run_id: run.runId,
        call_id,
        tool: "send_mail",
        arguments: { to: "ada" },
        arguments_digest: `sha256:${call_id}`,
        expires_at: new Date(clock.now + 600_000).toISOString(),
      });
    } else if (clock.random() < 0.25) {
      const nested = (run.nested = log.issue("run"));
      this.emit(thread, { type: "tool_executing", run_id: run.runId, call_id: `call_${nested}`, tool: "researcher", arguments: {} });
      this.emit(thread, { type: "agent_started", run_id: nested, parent_run_id: run.runId, agent: "researcher", message_id: run.answers });
    } else {
      this.emit(thread, { type: "tool_executing", run_id: run.runId, call_id, tool: "clock", arguments: {} });
      this.server.publish(thread, { type: "tool_progress", thread_id: thread.id, run_id: run.runId, call_id, text: "half" });
      this.emit(thread, { type: "tool_completed", run_id: run.runId, call_id, tool: "clock", outcome: "succeeded", result: { ok: true }, duration_ms: 3 });
    }
  }

  private words(count: number): string {
    return Array.from({ length: count }, () => `${this.server.clock.pick(WORDS)} `).join("");
  }

  private say(thread: ThreadLog, text: string): void {
    const { runId: run_id, part } = thread.run ?? {};
    if (run_id && part) {
      const type = part.kind === "text" ? "agent_delta" : "agent_thinking";
      const offset = part.text.length;
      part.text += text;
      this.server.publish(thread, { type, thread_id: thread.id, run_id, part_id: part.id, offset, text });
    }
  }
}
