/**
 * Keeps the focus near where it was when its control vanishes, is hidden or disabled, instead of letting it fall to the body.
 * A region that wants it marks itself: `data-focus-home` with a selector of what in it takes the focus, or without a value and
 * with `tabIndex={-1}` to take it itself. The nearest one that is still there wins. Called once, by the shell.
 */
export function keepFocus(root: Document = document): () => void {
  let last: HTMLElement | null = null;
  let homes: HTMLElement[] = [];

  const remember = (event: FocusEvent) => {
    last = event.target instanceof HTMLElement ? event.target : null;
    homes = [];
    for (let at = last?.parentElement; at; at = at.parentElement) {
      if (at.dataset["focusHome"] !== undefined) {
        homes.push(at);
      }
    }
  };
  const bringHome = () => {
    if (last && root.activeElement === root.body && !canHaveFocus(last)) {
      last = null;
      homes.some((home) => home.isConnected && takesFocus(home));
    }
  };
  const left = (event: FocusEvent) => {
    if (event.relatedTarget === null) {
      queueMicrotask(bringHome);
    }
  };

  root.addEventListener("focusin", remember);
  root.addEventListener("focusout", left);
  const observer = new MutationObserver(bringHome);
  observer.observe(root.body, { childList: true, subtree: true });
  return () => {
    observer.disconnect();
    root.removeEventListener("focusin", remember);
    root.removeEventListener("focusout", left);
  };
}

function canHaveFocus(element: HTMLElement): boolean {
  return element.isConnected && element.checkVisibility({ visibilityProperty: true }) && !element.matches(":disabled");
}

function takesFocus(home: HTMLElement): boolean {
  const selector = home.dataset["focusHome"];
  const candidates = selector ? [...home.querySelectorAll<HTMLElement>(selector), home] : [home];
  return candidates.some((element) => {
    if (!canHaveFocus(element)) {
      return false;
    }
    element.focus();
    return document.activeElement === element;
  });
}
