import type { Chat, Observable, TappedFrame } from "@chatbackend/client";

export interface LoggedFrame extends TappedFrame {
  readonly id: number;
}

export interface FrameLog {
  readonly frames: readonly LoggedFrame[];
  /** How many came before the first of `frames`. */
  readonly dropped: number;
}

const MAX_FRAMES = 1_000;
let frames: LoggedFrame[] = [];
let count = 0;
let snapshot: FrameLog = { frames, dropped: 0 };
let due = false;
const listeners = new Set<() => void>();

/** Frames since the page was opened, at most the newest thousand. */
export const frameLog: Observable<FrameLog> = {
  subscribe: (listener) => {
    listeners.add(listener);
    return () => { listeners.delete(listener); };
  },
  getSnapshot: () => snapshot,
};

export function watchFrames(chat: Chat): void {
  chat.tap((frame) => {
    frames.push({ ...frame, id: ++count });
    // Not with each frame: an array of a thousand is moved once in a thousand frames.
    if (frames.length >= 2 * MAX_FRAMES) {
      frames = frames.slice(-MAX_FRAMES);
    }
    if (listeners.size > 0 && !due) {
      due = true;
      requestAnimationFrame(publish);
    }
  });
}

/** What is there now; the drawer asks when it opens, since nothing is made ready while nobody looks. */
export function publish(): void {
  due = false;
  const newest = frames.slice(-MAX_FRAMES);
  snapshot = { frames: newest, dropped: count - newest.length };
  listeners.forEach((listener) => { listener(); });
}

export function clearFrames(): void {
  frames = [];
  publish();
}
