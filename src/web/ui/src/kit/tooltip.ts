import { place } from "./place.js";

const DELAY_MS = 400;

/** Shows the `data-tip` of what the pointer rests on or the keyboard has reached. One for the page; called once, by the shell. */
export function showTooltips(root: Document = document): () => void {
  const tip = root.createElement("div");
  tip.className = "tooltip";
  tip.popover = "manual";
  // The name of the control says it already.
  tip.ariaHidden = "true";
  root.body.append(tip);
  let timer: ReturnType<typeof setTimeout> | undefined;

  const hide = () => {
    clearTimeout(timer);
    if (tip.matches(":popover-open")) {
      tip.hidePopover();
    }
  };
  const show = (anchor: HTMLElement) => {
    const { tip: words, keys } = anchor.dataset;
    if (!words || !anchor.isConnected || anchor.ariaExpanded === "true") {
      return;
    }
    const shortcut = root.createElement("kbd");
    shortcut.textContent = keys ?? "";
    tip.replaceChildren(words, ...(keys ? [shortcut] : []));
    tip.showPopover();
    place(tip, anchor, { align: "center", prefer: "below" });
  };
  const anchorOf = (event: Event) => event.target instanceof Element ? event.target.closest<HTMLElement>("[data-tip]") : null;
  const over = (event: PointerEvent) => {
    const anchor = anchorOf(event);
    hide();
    if (anchor && event.pointerType === "mouse") {
      timer = setTimeout(show, DELAY_MS, anchor);
    }
  };
  const focused = (event: FocusEvent) => {
    const anchor = anchorOf(event);
    hide();
    if (anchor?.matches(":focus-visible")) {
      show(anchor);
    }
  };
  const listeners = new AbortController();
  const options = { signal: listeners.signal, capture: true };
  root.addEventListener("pointerover", over, options);
  root.addEventListener("focusin", focused, options);
  root.addEventListener("focusout", hide, options);
  root.addEventListener("pointerdown", hide, options);
  root.addEventListener("scroll", hide, options);
  root.addEventListener("keydown", hide, options);
  return () => {
    listeners.abort();
    hide();
    tip.remove();
  };
}
