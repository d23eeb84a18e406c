import type { Observable } from "@chatbackend/client";
import { keep } from "./kept.js";
import type { Settings } from "./settings.js";
import { applySettings, readSettings, settingsKey } from "./settings.js";

let current = readSettings();
const listeners = new Set<() => void>();

/** The settings of this browser, the same in all its tabs. */
export const settings: Observable<Settings> = {
  subscribe: (listener) => {
    listeners.add(listener);
    return () => { listeners.delete(listener); };
  },
  getSnapshot: () => current,
};

export function change(changes: Partial<Settings>): void {
  show({ ...current, ...changes });
  keep(settingsKey, JSON.stringify(current));
}

window.addEventListener("storage", ({ key }) => {
  if (key === settingsKey || key === null) {
    show(readSettings());
  }
});

function show(next: Settings): void {
  current = next;
  applySettings(next);
  listeners.forEach((listener) => { listener(); });
}
