import type { ConnectionSnapshot, Observable, OutboxEntry, Run, RunSnapshot, ThreadList, ThreadListSnapshot } from "@chatbackend/client";
import { useCallback, useSyncExternalStore } from "react";
import { useChat } from "./provider.js";

type Source<T> = Observable<T> & { open?(): () => void };

export function useObservable<T>(source: Source<T>): T;
export function useObservable<T>(source: Source<T> | undefined): T | undefined;
export function useObservable<T>(source: Source<T> | undefined): T | undefined {
  const subscribe = useCallback(
    (listener: () => void) => {
      const unsubscribe = source?.subscribe(listener);
      const close = source?.open?.();
      return () => {
        unsubscribe?.();
        // Later, so that what is mounted again at once (StrictMode, another component with the same thread) is not followed again.
        queueMicrotask(() => close?.());
      };
    },
    [source],
  );
  return useSyncExternalStore(subscribe, () => source?.getSnapshot());
}

/** State of the connection. Changes every few seconds, with each measured round trip. */
export function useConnection(): ConnectionSnapshot {
  return useObservable(useChat().connection);
}

/** The list of the user's threads, followed while mounted; and the list itself, for `loadMore`. */
export function useThreads(): readonly [ThreadListSnapshot, ThreadList] {
  const { threads } = useChat();
  return [useObservable(threads), threads];
}

/** A run of a thread's `entries`. Only who asks for a run is rendered again when its text grows. */
export function useRun(run: Run): RunSnapshot;
export function useRun(run: Run | undefined): RunSnapshot | undefined;
export function useRun(run: Run | undefined): RunSnapshot | undefined {
  return useObservable(run);
}

/** What is written and not acknowledged yet, in all threads and tabs. */
export function useOutbox(): readonly OutboxEntry[] {
  return useObservable(useChat().outbox);
}
