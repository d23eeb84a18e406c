import type { Entry, Message, RunSnapshot } from "./api.js";
import type { Client } from "./client.js";
import { type RunHead, RunModel } from "./run.js";
import { type Frame, type RunEvent, type ThreadEvent, camel } from "./wire.js";

/** A message and what stands below it, up to the next one. What stands before the first message that is loaded has a turn without one. */
interface Turn {
  _message?: Message;
  _seq: number;
  _below: Entry[];
  _isActive: boolean;
  _steered?: RunModel;
}

/** What a thread's events come to. Applying one costs the same however many there were; only a change of branch costs what it replaces. */
export class Transcript {
  _client: Client;
  _known: Map<string, RunModel> | undefined;
  _all: Turn[] = [];
  /** The active path, in the order of the log; `_entries` is each turn's message and what is below it. */
  _path: Turn[] = [{ _seq: 0, _below: [], _isActive: true }];
  _entries: Entry[] = [];
  _turns = new Map<string, Turn>();
  /** The ids of a message's versions, by the id of each. */
  _versions = new Map<string, string[]>();
  _runs = new Map<string, RunModel>();
  _answers = new Map<string, RunModel>();
  /** The `client_id` of every message. */
  _sent = new Set<string>();
  _open: RunModel | undefined;
  _title: string | undefined;
  _agent: string | undefined;

  /** `known`: runs that stay the same objects where they come again. */
  constructor(client: Client, known?: Map<string, RunModel>) {
    this._client = client;
    this._known = known;
  }

  /** True when more than a run has changed. */
  _apply(event: ThreadEvent): boolean {
    if ("run_id" in event) {
      const { run_id, parent_run_id } = event as RunEvent;
      const before = this._open;
      const run = this._run(run_id, event.at, parent_run_id, event.type === "agent_started" ? event : undefined);
      run._apply(event);
      if (event.type === "message_steered") {
        const turn = this._turns.get(event.message_id);
        if (turn) {
          turn._steered = run;
          this._change(turn, { state: "sent" });
        }
        return true;
      }
      if (run._end) {
        if (run._end.messageId) {
          this._answers.set(run._end.messageId, run);
        }
        if (this._open === run) {
          this._open = undefined;
        }
      }
      return before !== this._open;
    }
    switch (event.type) {
      case "user_message":
        this._addMessage(event);
        break;
      case "message_removed": {
        const turn = this._turns.get(event.message_id);
        if (turn?._isActive) {
          turn._isActive = false;
          turn._seq = -1;
          this._path.splice(this._path.lastIndexOf(turn), 1);
          this._entries.splice(this._place(turn), 1 + turn._below.length);
        }
        break;
      }
      case "thread_rewound":
        this._rewind(event.to_seq);
        break;
      case "branch_selected":
        this._select(event);
        break;
      case "feedback_given": {
        const { message_id, rating, note } = event;
        this._answers.get(message_id)?._rate(rating === "none" ? undefined : ({ rating, note } as RunSnapshot["feedback"]));
        return false;
      }
      case "thread_renamed":
        this._title = event.title;
        this._note(event, { type: "renamed", title: event.title });
        break;
      default:
        // A type of a later version: an event all the same.
        this._note(event, { type: (event as ThreadEvent).type });
    }
    return true;
  }

  /** The run of this id; it may have begun before the first event that is loaded. */
  _run(id: string, at: string, parentId?: string, started?: Frame<"agent_started">): RunModel {
    let run = this._runs.get(id);
    if (run && !started) {
      return run;
    }
    run ??= this._known?.get(id) ?? new RunModel(this._client, id);
    this._runs.set(id, run);
    const { agent = this._agent ?? "", message_id: answers = "", trace_id: traceId } = (started ?? {}) as Partial<Frame<"agent_started">>;
    const head = (run._head = { agent, answers, startedAt: at, traceId } as RunHead);
    run._at = at;
    run._touch();
    if (parentId) {
      this._run(parentId, at)._nest(run);
      return run;
    }
    this._open = run;
    this._agent = head.agent;
    const turn = this._turns.get(head.answers);
    this._addBelow(turn ?? (this._path[0] as Turn), run);
    if (turn) {
      this._change(turn, { state: "sent" });
    }
    return run;
  }

  _addMessage(event: Frame<"user_message">) {
    const { message_id: messageId, client_id: key, seq, replaces } = event;
    this._sent.add(key);
    this._agent = event.agent ?? this._agent;
    if (replaces) {
      const versions = [...(this._versions.get(replaces) ?? [replaces]), messageId];
      for (const id of versions) {
        this._versions.set(id, versions);
      }
    }
    const message: Message = { ...camel(event), kind: "message", key, state: event.when_running ? "queued" : "sent" };
    const turn: Turn = { _message: message, _seq: seq, _below: [], _isActive: false };
    this._turns.set(messageId, turn);
    this._all.push(turn);
    this._append(turn);
  }

  _append(turn: Turn) {
    const message = turn._message as Message;
    const of = this._versions.get(message.messageId as string);
    turn._message = of ? { ...message, branch: { index: of.indexOf(message.messageId as string), of } } : message;
    turn._isActive = true;
    this._path.push(turn);
    this._entries.push(turn._message, ...turn._below);
  }

  /** Drops from the end of the path what came after `seq`. */
  _rewind(seq: number) {
    for (let turn = this._path.at(-1); turn && turn._seq > seq; turn = this._path.at(-1)) {
      this._path.pop();
      this._entries.length -= 1 + turn._below.length;
      turn._isActive = false;
      turn._steered?._cutAt(turn._message?.messageId);
    }
  }

  _select({ to_seq, restored }: Frame<"branch_selected">) {
    this._rewind(to_seq);
    for (const turn of this._all) {
      if (!turn._isActive && restored.some(({ after_seq, before_seq }) => turn._seq > after_seq && turn._seq < before_seq)) {
        this._append(turn);
        turn._steered?._cutAt();
      }
    }
    // Of several messages that a run took in, the first that is not on the path cuts it.
    for (const { _steered, _isActive, _message } of this._all) {
      if (_steered && !_isActive && _steered._cut === undefined) {
        _steered._cutAt(_message?.messageId);
      }
    }
  }

  /** Everything about a turn happens near the end, where it is looked for. */
  _place(turn: Turn) {
    return this._entries.lastIndexOf(turn._message as Message);
  }

  _addBelow(turn: Turn, entry: Entry) {
    if (turn._isActive) {
      this._entries.splice(turn._message ? this._place(turn) + 1 + turn._below.length : turn._below.length, 0, entry);
    }
    turn._below.push(entry);
  }

  _note({ seq, at }: ThreadEvent, what: { type: string; title?: string }) {
    this._addBelow(this._path.at(-1) as Turn, { kind: "note", key: `n${seq}`, at, ...what });
  }

  _change(turn: Turn, change: Partial<Message>) {
    const place = this._place(turn);
    turn._message = { ...(turn._message as Message), ...change };
    if (turn._isActive) {
      this._entries[place] = turn._message;
    }
  }
}
