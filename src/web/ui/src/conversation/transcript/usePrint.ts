import { useEffect } from "preact/hooks";
import { useStable } from "../../kit/useStable.js";
import type { Pages } from "./pages.js";
import type { Reel } from "./reel.js";

/** On paper the conversation is whole: what is not loaded is loaded first, which only the shortcut leaves time for. */
export function usePrint(reel: Reel, pages: Pages): void {
  const prepare = useStable(() => { reel.showAll(); });
  const back = useStable(() => {
    if (reel.getSnapshot().following) {
      reel.follow();
    }
  });
  const print = useStable(async () => {
    await pages.loadAll(() => false);
    reel.showAll();
    // Twice: the second frame begins when the first was rendered.
    requestAnimationFrame(() => requestAnimationFrame(() => { window.print(); }));
  });
  useEffect(() => {
    const listeners = new AbortController();
    const options = { signal: listeners.signal };
    window.addEventListener("beforeprint", prepare, options);
    window.addEventListener("afterprint", back, options);
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "p") {
        event.preventDefault();
        void print();
      }
    }, options);
    return () => { listeners.abort(); };
  }, [prepare, back, print]);
}
