import type { Observable } from "@chatbackend/client";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** The snapshot of an observable; renders again when it changes. */
export function useObservable<T>(observable: Observable<T>): T;
/** What `select` takes of the snapshot; renders again only when that changes (`Object.is`). */
export function useObservable<T, S>(observable: Observable<T>, select: (snapshot: T) => S): S;
export function useObservable<T>(observable: Observable<T>, select: (snapshot: T) => unknown = whole): unknown {
  const [, render] = useState({});
  const value = select(observable.getSnapshot());
  const renderedRef = useRef({ value, select });
  useLayoutEffect(() => {
    renderedRef.current = { value, select };
  });
  useLayoutEffect(() => {
    const check = () => {
      if (!Object.is(renderedRef.current.select(observable.getSnapshot()), renderedRef.current.value)) {
        render({});
      }
    };
    // It may have changed between rendering and now.
    check();
    return observable.subscribe(check);
  }, [observable]);
  return value;
}

function whole<T>(snapshot: T): T {
  return snapshot;
}
