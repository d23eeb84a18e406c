import { useEffect } from "preact/hooks";
import { useStable } from "../kit/useStable.js";
import { settings } from "./settings/store.js";

const isMac = /Mac|iP(hone|ad|od)/.test(navigator.platform);

/** The modifier as it stands on the person's keyboard. */
export const mod = isMac ? "⌘" : "Ctrl";

export type Shortcut = "search" | "newChat" | "sidebar" | "help";

export const keysOf: Readonly<Record<Shortcut, string>> = {
  search: `${mod}+K`,
  newChat: `${mod}+Shift+O`,
  sidebar: `${mod}+Shift+S`,
  help: `${mod}+/`,
};

/** Listens on the whole page; not while a dialog is open, which has keys of its own. */
export function useShortcuts(run: (shortcut: Shortcut) => void): void {
  const pressed = useStable(run);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const shortcut = shortcutOf(event);
      if (shortcut && !event.defaultPrevented && !document.querySelector("dialog:modal")) {
        event.preventDefault();
        pressed(shortcut);
      }
    };
    document.addEventListener("keydown", listen);
    return () => { document.removeEventListener("keydown", listen); };
  }, [pressed]);
}

function shortcutOf(event: KeyboardEvent): Shortcut | undefined {
  const { key, shiftKey, altKey } = event;
  if (isMac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey) {
    switch (altKey ? "" : key.toLowerCase()) {
      case "k": return shiftKey ? undefined : "search";
      case "o": return shiftKey ? "newChat" : undefined;
      case "s": return shiftKey ? "sidebar" : undefined;
      case "/": return "help";
    }
    return undefined;
  }
  const isFree = !altKey && !event.ctrlKey && !event.metaKey && settings.getSnapshot().singleKeys && !isEditing(event.target);
  return key === "?" && isFree ? "help" : undefined;
}

function isEditing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}
