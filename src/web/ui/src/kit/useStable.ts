import { useCallback, useLayoutEffect, useRef } from "preact/hooks";

/** The same function for all renders, that calls the newest one given: for effects that must not begin anew because a callback did. */
export function useStable<A extends readonly unknown[], R>(callback: (...args: A) => R): (...args: A) => R {
  const latestRef = useRef(callback);
  useLayoutEffect(() => {
    latestRef.current = callback;
  });
  return useCallback((...args: A) => latestRef.current(...args), []);
}
