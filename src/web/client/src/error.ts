import type { ChatErrorInfo } from "./api.js";

/** What a call of the client rejects with. */
export class ChatError extends Error implements ChatErrorInfo {
  readonly code: string;
  readonly retryAfterMs?: number | undefined;

  constructor(code: string, message?: string, retryAfterMs?: number) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}
