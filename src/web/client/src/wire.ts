/** What goes over the wire, as docs/protocol.md says. Types only; test/wire.test.ts holds them against the server's fixtures. */

interface Event {
  thread_id: string;
  seq: number;
  at: string;
}

export interface RunEvent extends Event {
  run_id: string;
  parent_run_id?: string;
}

interface Delta {
  thread_id: string;
  run_id: string;
  part_id: string;
  offset: number;
  text: string;
}

interface RunEnded extends RunEvent {
  part_id?: string;
  content?: string;
  usage?: Record<string, number>;
}

interface SideEffects {
  side_effects?: { call_id: string; tool: string; outcome: string }[];
}

/** As `GET /api/threads` gives it. */
export interface Row {
  thread_id: string;
  title?: string;
  archived: boolean;
  created_at: string;
  updated_at: string;
  head: number;
  running: boolean;
  needs_approval: boolean;
  unread: boolean;
  agent?: string;
  history_begins_at: number;
}

export interface ServerFrames {
  connection_established: {
    connection_id: string;
    user_id: string;
    protocol: string;
    server_time: string;
    heartbeat_seconds: number;
    limits: Record<string, number>;
    agents: string[];
    agent_details?: { agent: string; description?: string; suggestions?: string[] }[];
    log_id: string;
  };
  ack: { id: string; status: "accepted" | "duplicate"; thread_id?: string; seq?: number; message_id?: string; run_id?: string };
  pong: { id?: string; server_time: string };
  caught_up: { thread_id: string; seq: number; log_id: string };
  error: {
    code: string;
    message: string;
    id?: string;
    thread_id?: string;
    retry_after_ms?: number;
    history_begins_at?: number;
    decision?: "approve" | "reject";
    decided_by?: string;
  };
  server_draining: { reconnect_within_ms: number };
  thread_listed: Row & { cursor?: string };
  thread_unlisted: { thread_id: string; reason: string; cursor: string };
  threads_caught_up: { cursor: string; log_id: string; has_more?: boolean };
  thread_deleted: { thread_id: string };
  agent_delta: Delta;
  agent_thinking: Delta;
  tool_progress: { thread_id: string; run_id: string; parent_run_id?: string; call_id: string; text: string; fraction?: number };
  user_message: Event & { message_id: string; content: string; client_id: string; agent?: string; when_running?: string; replaces?: string };
  message_removed: Event & { message_id: string };
  thread_rewound: Event & { to_seq: number };
  branch_selected: Event & { message_id: string; to_seq: number; restored: { after_seq: number; before_seq: number }[] };
  feedback_given: Event & { message_id: string; rating: "up" | "down" | "none"; note?: string; by: string };
  thread_renamed: Event & { title: string; by: "user" | "agent"; from_seq?: number };
  agent_started: RunEvent & { agent: string; message_id: string; trace_id?: string };
  agent_fallback: RunEvent & { agent: string; code: string };
  agent_context_trimmed: RunEvent & { agent: string; from_message_id?: string; exchanges: number; results: number; summary?: string };
  message_steered: Event & { run_id: string; message_id: string };
  tool_executing: RunEvent & { call_id: string; tool: string; arguments: unknown };
  tool_completed: RunEvent & {
    call_id: string;
    tool: string;
    outcome: "succeeded" | "failed" | "rejected" | "abandoned";
    result?: unknown;
    result_bytes?: number;
    error?: string;
    duration_ms: number;
  };
  approval_required: RunEvent & { call_id: string; tool: string; arguments: unknown; arguments_digest: string; expires_at: string };
  approval_decided: RunEvent & { call_id: string; decision: "approve" | "reject"; decided_by: string; note?: string };
  agent_part: RunEvent & { part_id: string; kind: "text" | "thinking"; text: string };
  agent_completed: RunEnded & { message_id: string; finish?: string; duration_ms: number };
  agent_stopped: RunEnded & SideEffects & { message_id: string; reason: string };
  agent_failed: RunEnded & SideEffects & { code: string; message: string; retryable: boolean; retry_after_ms?: number };
}

/** A member that is undefined is not sent. */
export interface ClientFrames {
  chat: { id: string; content: string; thread_id?: string | undefined; agent?: string | undefined; when_running?: string | undefined; replaces?: string | undefined };
  follow: { id: string; thread_id: string; after_seq?: number | undefined; after_at?: string | undefined; parts?: { part_id: string; length: number }[] | undefined };
  unfollow: { id: string; thread_id: string };
  stop: { id: string; thread_id: string; run_id?: string | undefined; message_id?: string | undefined };
  decide: { id: string; thread_id: string; call_id: string; arguments_digest: string; decision: "approve" | "reject"; note?: string | undefined };
  select_branch: { id: string; thread_id: string; message_id: string };
  feedback: { id: string; thread_id: string; message_id: string; rating: "up" | "down" | "none"; note?: string | undefined };
  follow_threads: { id: string; cursor?: string | undefined };
  unfollow_threads: { id: string };
  mark_read: { id: string; thread_id: string; seq?: number | undefined };
  authenticate: { id: string; token: string };
  ping: { id?: string | undefined };
}

type Frames<T> = { [K in keyof T]: { type: K } & T[K] };
export type Frame<K extends keyof ServerFrames> = Frames<ServerFrames>[K];
export type ServerFrame = Frames<ServerFrames>[keyof ServerFrames];
export type ClientFrame = Frames<ClientFrames>[keyof ClientFrames];
/** A frame that is acknowledged; `ping` is not. */
export type Command = Exclude<ClientFrame, { type: "ping" }>;
type WithoutId<T> = T extends { id: string } ? Omit<T, "id"> & { id?: string } : never;
/** An `id` is given to one that has none. */
export type NewCommand = WithoutId<Command>;
export type ThreadEvent = Extract<ServerFrame, { seq: number; at: string }>;
export type Answer = Frame<"ack"> | Frame<"error">;

type CamelName<S> = S extends `${infer A}_${infer B}` ? `${A}${Capitalize<CamelName<B>>}` : S;
export type Camel<T> = { [K in keyof T as CamelName<K & string>]: T[K] };

/** The same object with names as in the API, one level deep. */
export const camel = <T extends object>(wire: T): Camel<T> =>
  Object.fromEntries(Object.entries(wire).map(([name, value]) => [name.replace(/_./g, ([, letter = ""]) => letter.toUpperCase()), value])) as Camel<T>;
