import type { Ack, Approval, ChatErrorInfo, Message, SendOptions, Thread, ToolCall } from "./api.js";
import { type Acknowledged, Conversation, type Without } from "./conversation.js";
import type { Durable, Unsent } from "./outbox.js";
import { type Frame, camel } from "./wire.js";

/** What people do in a conversation, and what of that the log does not show yet. */
export class ThreadModel extends Conversation implements Thread {
  _message({ frame, at, error }: Unsent): Message | undefined {
    if (frame.type !== "chat" || this._transcript._sent.has(frame.id)) {
      return undefined;
    }
    const { id } = frame;
    return { ...camel(frame), kind: "message", key: id, clientId: id, at: new Date(at).toISOString(), state: error ? "failed" : "pending", error } as Message;
  }

  _showPending(unsent: Unsent[]) {
    const pending = unsent.flatMap((entry) => this._message(entry) ?? []);
    if (pending.length || this._pending.length) {
      this._pending = pending;
      this._touch();
    }
  }

  _acknowledged(entry: Unsent, { thread_id, message_id, seq }: Frame<"ack">, isOwn: boolean) {
    if (!this._id && thread_id) {
      this._key = this._id = thread_id;
      this._seq = 0;
    }
    const message = this._message(entry);
    if (message && this._id) {
      this._acked.set(message.key, {
        ...message,
        state: this._transcript._open ? "queued" : "sent",
        messageId: message_id,
        seq,
        _logId: this._client._connection._shown.logId,
        _isOwn: isOwn,
      } as Acknowledged);
      this._touch();
    }
    this._sync();
  }

  _send(frame: Without<Durable>, error?: ChatErrorInfo): Promise<Ack> {
    return this._client._outbox._add(this._key, { ...frame, thread_id: this._id, id: this._client._env.newId() } as Durable, error);
  }

  send(content: string, { whenRunning, replaces, agent = this.getSnapshot().agent }: SendOptions = {}) {
    return this._send({ type: "chat", content, agent, when_running: whenRunning, replaces });
  }

  stop(runId = this._transcript._open?.runId) {
    return this._send({ type: "stop", run_id: runId });
  }

  takeBack(messageId: string) {
    return this._send({ type: "stop", message_id: messageId });
  }

  decide({ callId, approval }: ToolCall, decision: "approve" | "reject", note?: string) {
    return this._send({ type: "decide", call_id: callId, arguments_digest: (approval as Approval).argumentsDigest, decision, note });
  }

  selectBranch(messageId: string) {
    return this._send({ type: "select_branch", message_id: messageId });
  }

  feedback(messageId: string, rating: "up" | "down" | "none", note?: string) {
    return this._send({ type: "feedback", message_id: messageId, rating, note });
  }

  markRead() {
    this._read = !(this._seq && this._client._connection._command({ type: "mark_read", thread_id: this._id as string, seq: this._seq }));
  }

  rename(title: string) {
    return this._rest("PATCH", { title }) as Promise<void>;
  }

  archive(archived: boolean) {
    return this._rest("PATCH", { archived }) as Promise<void>;
  }

  delete() {
    return this._rest("DELETE") as Promise<void>;
  }

  readResult(callId: string) {
    return this._rest("GET", {}, `/tool_results/${callId}`);
  }

  exportUrl(format: "json" | "markdown") {
    return new URL(`${this._path()}/export?format=${format}`, this._client._base).href;
  }

  retry(clientId: string) {
    return this._client._outbox._retry(clientId);
  }

  discard(clientId: string) {
    return this._client._outbox._discard(clientId);
  }
}
