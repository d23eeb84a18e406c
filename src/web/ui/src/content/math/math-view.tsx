import { useEffect, useState } from "preact/hooks";
import type { typeset } from "./mathml.js";

type Typeset = typeof typeset;

let loaded: Typeset | undefined;
let loading: Promise<Typeset> | undefined;

function load(): Promise<Typeset> {
  loading ??= import("./mathml.js").then((module) => (loaded = module.typeset), (error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

export interface MathViewProps {
  readonly source: string;
  readonly display: boolean;
  /** The formula with its marks, shown until it is typeset and where it cannot be. */
  readonly written: string;
}

export function MathView({ source, display, written }: MathViewProps) {
  const [typesetter, setTypesetter] = useState(() => loaded);
  useEffect(() => {
    if (typesetter !== undefined) return undefined;
    let gone = false;
    load().then(
      (fn) => { if (!gone) setTypesetter(() => fn); },
      // Without the typesetter, as offline, the source stays.
      (error: unknown) => { console.warn("Formulas are shown as they were written, since the typesetter could not be loaded.", error); },
    );
    return () => { gone = true; };
  }, [typesetter]);
  const formula = typesetter?.(source, display);
  if (formula === undefined) return <code class={display ? "content-source content-formula" : "content-source"} dir="ltr">{written}</code>;
  return display ? <span class="content-formula" tabIndex={0}>{formula}</span> : formula;
}
