const GAP = 4;
const MARGIN = 8;

/** Where the box goes beside its anchor: `below` (or above, when there is more room), or over it on its inline end. All numbers are CSS pixels of the viewport. */
export function placeFor(
  anchor: { left: number; right: number; top: number; bottom: number },
  box: { width: number; height: number },
  view: { width: number; height: number },
  options: { align: "start" | "center" | "end"; prefer: "below" | "above"; rtl: boolean },
): { left: number; top: number } {
  const below = anchor.bottom + GAP;
  const above = anchor.top - GAP - box.height;
  const fitsBelow = below + box.height <= view.height - MARGIN;
  const fitsAbove = above >= MARGIN;
  const goesBelow = options.prefer === "below" ? fitsBelow || !fitsAbove : !fitsAbove && fitsBelow;
  const toLeftEdge = (options.align === "start") !== options.rtl;
  const left = options.align === "center" ? (anchor.left + anchor.right - box.width) / 2 : toLeftEdge ? anchor.left : anchor.right - box.width;
  return {
    left: clamp(left, MARGIN, view.width - MARGIN - box.width),
    top: clamp(goesBelow ? below : above, MARGIN, view.height - MARGIN - box.height),
  };
}

/** Puts an open popover beside its anchor, wholly in sight. */
export function place(popover: HTMLElement, anchor: Element, options: { align?: "start" | "center" | "end"; prefer?: "below" | "above" } = {}): void {
  const root = document.documentElement;
  const { left, top } = placeFor(
    anchor.getBoundingClientRect(),
    { width: popover.offsetWidth, height: popover.offsetHeight },
    { width: root.clientWidth, height: window.innerHeight },
    { align: options.align ?? "start", prefer: options.prefer ?? "below", rtl: getComputedStyle(anchor).direction === "rtl" },
  );
  popover.style.left = `${left}px`;
  popover.style.top = `${top}px`;
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, Math.max(low, high)));
}
