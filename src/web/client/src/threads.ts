import type { ThreadList, ThreadListSnapshot, ThreadRow } from "./api.js";
import { Followed } from "./followed.js";
import { type Frame, type Row, camel } from "./wire.js";

export class Threads extends Followed<ThreadListSnapshot> implements ThreadList {
  _rows = new Map<string, Row>();
  _unlisted = new Set<string>();
  _cursor: string | undefined;
  /** Of the next page by REST, of the list and of the archive; null when there is none. */
  _next: (string | null | undefined)[] = [null];

  override _build(): ThreadListSnapshot {
    const rows = [...this._rows.values()].sort((a, b) => (a.updated_at < b.updated_at ? 1 : -1)).map((row): ThreadRow => camel(row));
    return {
      state: this._follow === "live" ? "live" : this._cursor && !this._client._connection._user ? "offline" : "loading",
      threads: rows.filter(({ archived }) => !archived),
      archived: rows.filter(({ archived }) => archived),
      hasMore: this._next[0] !== null,
      hasMoreArchived: this._next[1] !== null,
    };
  }

  override _unfollow() {
    this._client._connection._command({ type: "unfollow_threads" });
    this._follow = undefined;
  }

  _disconnected() {
    this._follow = undefined;
    this._touch();
  }

  override _sync() {
    if (this._isIdle()) {
      if (!this._cursor) {
        this._rows.clear();
        this._next = [null];
      }
      this._ask({ type: "follow_threads", cursor: this._cursor });
    }
  }

  override _refused(code: string) {
    if (code === "stale_cursor") {
      this._cursor = this._follow = undefined;
      this._sync();
    }
  }

  _frame(frame: Frame<"thread_listed"> | Frame<"thread_unlisted"> | Frame<"threads_caught_up">) {
    this._cursor = frame.cursor ?? this._cursor;
    if (frame.type === "thread_listed") {
      this._rows.set(frame.thread_id, frame);
    } else if (frame.type === "thread_unlisted") {
      this._rows.delete(frame.thread_id);
      this._unlisted.add(frame.thread_id);
    } else {
      this._caught();
      if (frame.has_more) {
        this._next[0] = undefined;
      }
    }
    this._touch();
  }

  async loadMore(archived = false) {
    const place = Number(archived);
    const query = { archived: archived || undefined, cursor: this._next[place] };
    const { threads, next_cursor = null } = (await this._client._rest("GET", "api/threads", query)) as { threads: Row[]; next_cursor?: string };
    // What the feed said is newer.
    for (const row of threads) {
      if (!this._rows.has(row.thread_id) && !this._unlisted.has(row.thread_id)) {
        this._rows.set(row.thread_id, row);
      }
    }
    this._next[place] = next_cursor;
    this._touch();
  }
}
