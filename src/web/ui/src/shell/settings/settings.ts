import { readKept } from "./kept.js";

export interface Settings {
  readonly theme: "system" | "light" | "dark";
  readonly textSize: "small" | "medium" | "large" | "largest";
  readonly density: "comfortable" | "compact";
  /** What sends a message: Enter, or Enter with Ctrl (⌘ on a Mac). */
  readonly sendKey: "enter" | "ctrl+enter";
  readonly notifications: boolean;
  /** Shortcuts without Ctrl work outside of text fields; off for who speaks to the computer (WCAG 2.1.4). */
  readonly singleKeys: boolean;
  readonly developer: boolean;
}

export const choices = {
  theme: ["system", "light", "dark"],
  textSize: ["small", "medium", "large", "largest"],
  density: ["comfortable", "compact"],
  sendKey: ["enter", "ctrl+enter"],
  notifications: [false, true],
  singleKeys: [true, false],
  developer: [false, true],
} as const satisfies { readonly [K in keyof Settings]: readonly Settings[K][] };

export const settingsKey = "chat.settings";

/** What is kept in this browser. What is missing there, or is none of the choices, is the default. */
export function readSettings(): Settings {
  const kept = parse(readKept(settingsKey) ?? "{}");
  const pick = <K extends keyof Settings>(name: K, otherwise: Settings[K]): Settings[K] =>
    (choices[name] as readonly unknown[]).includes(kept[name]) ? kept[name] as Settings[K] : otherwise;
  return {
    theme: pick("theme", "system"),
    textSize: pick("textSize", "medium"),
    density: pick("density", "comfortable"),
    sendKey: pick("sendKey", "enter"),
    notifications: pick("notifications", false),
    singleKeys: pick("singleKeys", true),
    developer: pick("developer", false),
  };
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? parsed as Record<string, unknown> : {};
  } catch {
    return {}; // Something else wrote there.
  }
}

/** Shows the settings that are CSS's, as attributes of the root element. */
export function applySettings({ theme, textSize, density }: Settings): void {
  const { dataset } = document.documentElement;
  dataset["theme"] = theme;
  dataset["text"] = textSize;
  dataset["density"] = density;
}
