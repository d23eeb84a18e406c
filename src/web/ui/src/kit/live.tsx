import { useLayoutEffect, useRef } from "preact/hooks";

type Urgency = "polite" | "assertive";

const KEPT = 3;
/** The last pair is the one that is heard: an open dialog silences what is outside of it. */
const pairs: Readonly<Record<Urgency, HTMLElement>>[] = [];

/** Has a screen reader say it, apart from what is on the page. `assertive` interrupts: for what cannot wait, as an approval that expires. */
export function announce(words: string, urgency: Urgency = "polite"): void {
  const region = pairs.at(-1)?.[urgency];
  if (!region) {
    return;
  }
  // A node of its own each time, so that the same words are said again.
  const line = document.createElement("p");
  line.textContent = words;
  region.append(line);
  while (region.childElementCount > KEPT) {
    region.firstElementChild?.remove();
  }
}

/** Once on the page, and in each dialog. */
export function LiveRegions() {
  const polite = useRef<HTMLDivElement>(null);
  const assertive = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const [politely, assertively] = [polite.current, assertive.current];
    if (!politely || !assertively) {
      return;
    }
    const pair = { polite: politely, assertive: assertively };
    pairs.push(pair);
    return () => { pairs.splice(pairs.indexOf(pair), 1); };
  }, []);
  return (
    <>
      <div ref={polite} class="unseen" role="status" aria-live="polite" aria-relevant="additions" aria-atomic="false" />
      <div ref={assertive} class="unseen" role="alert" aria-live="assertive" aria-relevant="additions" aria-atomic="false" />
    </>
  );
}
