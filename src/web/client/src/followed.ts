import { Source } from "./observable.js";
import type { NewCommand } from "./wire.js";

const RETRY_MS = 2_000;

/** What is followed on the connection while somebody holds it. */
export abstract class Followed<T> extends Source<T> {
  _holders = 0;
  /** `asked` until the answer is complete; `refused` until it is asked again, so that what comes meanwhile is not of it; undefined when this connection does not follow it. */
  _follow: "asked" | "live" | "refused" | undefined;
  _followId: string | undefined;

  open() {
    let isHeld = true;
    this._holders++;
    this._sync();
    return () => {
      if (isHeld && !--this._holders) {
        this._unfollow();
      }
      isHeld = false;
    };
  }

  abstract _unfollow(): void;

  /** Follows if somebody holds it and it is not followed. */
  abstract _sync(): void;

  _isIdle() {
    return this._holders && !this._follow && this._client._connection._user;
  }

  _ask(frame: NewCommand) {
    this._followId = this._client._connection._command(frame, (answer) => {
      if (answer.type === "error") {
        this._follow = "refused";
        this._refused(answer.code);
        this._later(answer.retry_after_ms);
      }
    });
    this._follow = this._followId ? "asked" : undefined;
  }

  abstract _refused(code: string): void;

  /** The answer is complete. */
  _caught() {
    this._client._connection._answered(this._followId as string);
    this._follow = "live";
  }

  /** As after any refusal it is not followed; once more, later. */
  _later(ms = RETRY_MS) {
    const id = this._followId;
    this._client._env.later(() => {
      if (id === this._followId && this._follow !== "live") {
        this._follow = undefined;
        this._sync();
      }
    }, ms);
  }
}
