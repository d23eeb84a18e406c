import { useEffect, useState } from "preact/hooks";

const TICK_MS = 1000;

/** `Date.now()`, again each second while `ticking`. */
export function useNow(ticking: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!ticking) {
      return undefined;
    }

    setNow(Date.now());
    const timer = setInterval(() => { setNow(Date.now()); }, TICK_MS);
    return () => { clearInterval(timer); };
  }, [ticking]);
  return now;
}

/** Milliseconds from one RFC 3339 time to a later one, or to `now`. */
export function between(from: string, to: string | number): number {
  return Math.max(0, (typeof to === "number" ? to : Date.parse(to)) - Date.parse(from));
}
