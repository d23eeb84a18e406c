import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { ChevronRightIcon } from "../../kit/icons.js";

export interface FoldProps {
  readonly summary: ComponentChildren;
  readonly class?: string;
  /** Makes the children only when they are asked for; otherwise the browser's own search finds text that is folded, and opens it. */
  readonly lazy?: boolean;
  readonly children: () => ComponentChildren;
}

export function Fold({ summary, class: name, lazy = false, children }: FoldProps) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const region = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const element = region.current;
    if (element === null) {
      return undefined;
    }

    const found = () => { setOpen(true); };
    element.addEventListener("beforematch", found);
    return () => { element.removeEventListener("beforematch", found); };
  }, [lazy, open]);

  const shown = open || !lazy;
  return (
    <div class={`fold ${name ?? ""}`}>
      <button type="button" class="fold-summary" aria-expanded={open} {...(shown ? { "aria-controls": id } : {})} onClick={() => { setOpen(!open); }}>
        <ChevronRightIcon class="chevron" />
        {summary}
      </button>
      {shown && <div ref={region} id={id} class="fold-body" {...(open ? {} : { hidden: "until-found" as const })}>{children()}</div>}
    </div>
  );
}
