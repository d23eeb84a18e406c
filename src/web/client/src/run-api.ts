import type { Observable } from "./api.js";

/** The answer to a message: an observable of its own, so that text that arrives touches nothing else. */
export interface Run extends Observable<RunSnapshot> {
  readonly kind: "run";
  readonly key: string;
  readonly runId: string;
}

export interface RunSnapshot {
  readonly runId: string;
  readonly agent: string;
  /** The message that it answers. */
  readonly answers: string;
  readonly startedAt: string;
  readonly items: readonly RunItem[];
  readonly end?: RunEnd;
  readonly feedback?: { readonly rating: "up" | "down"; readonly note?: string };
  /** Text that was on the screen is gone: the server that ran it died before it was durable. */
  readonly lostText: boolean;
  readonly traceId?: string;
}

export type RunItem = TextPart | ThinkingPart | ToolCall | RunNote;

export interface TextPart {
  readonly kind: "text";
  readonly partId: string;
  readonly text: string;
  readonly done: boolean;
}

export interface ThinkingPart {
  readonly kind: "thinking";
  readonly partId: string;
  readonly text: string;
  readonly done: boolean;
  /** RFC 3339; `endedAt` is the `at` of the event that ended it. */
  readonly startedAt: string;
  readonly endedAt?: string;
}

export interface ToolCall {
  readonly kind: "tool";
  readonly callId: string;
  readonly tool: string;
  readonly arguments: unknown;
  readonly state: "awaiting_approval" | "running" | "succeeded" | "failed" | "rejected" | "abandoned";
  readonly startedAt: string;
  readonly progress?: { readonly text: string; readonly fraction?: number };
  readonly result?: unknown;
  readonly resultBytes?: number;
  readonly error?: string;
  readonly durationMs?: number;
  readonly approval?: Approval;
  /** The run of another agent that this call made. */
  readonly nested?: Run;
}

export interface Approval {
  readonly argumentsDigest: string;
  readonly expiresAt: string;
  readonly decision?: "approve" | "reject";
  readonly decidedBy?: string;
  readonly note?: string;
}

/** `fallback`: another agent's model answers. `trimmed`: the model no longer sees the oldest exchanges. `steered`: a message entered the run. */
export type RunNote =
  | { readonly kind: "fallback"; readonly agent: string; readonly code: string }
  | { readonly kind: "trimmed"; readonly exchanges: number; readonly results: number; readonly summary?: string }
  | { readonly kind: "steered"; readonly messageId: string };

export interface RunEnd {
  readonly type: "completed" | "stopped" | "failed";
  readonly messageId?: string;
  /** Of the event that ended it. */
  readonly seq: number;
  readonly at: string;
  readonly finish?: string;
  readonly reason?: string;
  readonly code?: string;
  readonly message?: string;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
  /** As on the wire. */
  readonly usage?: Readonly<Record<string, number>>;
  readonly durationMs?: number;
}
