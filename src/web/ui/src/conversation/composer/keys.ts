import type { Settings } from "../../shell/settings/settings.js";

export type SendKey = Settings["sendKey"];

/** On a keyboard of glass Enter begins a line, and the button sends; a keyboard that is plugged in makes the pointer fine. */
export function isSendKey(event: KeyboardEvent, sendKey: SendKey): boolean {
  if (event.key !== "Enter" || isComposing(event) || event.shiftKey || event.altKey) {
    return false;
  }

  const withModifier = event.ctrlKey || event.metaKey;
  return withModifier || (sendKey === "enter" && !matchMedia("(pointer: coarse)").matches);
}

/** The Enter that chooses a word in an input method. Safari reports it after the composition has ended, with the key code 229. */
export function isComposing(event: KeyboardEvent): boolean {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- there is no other sign of it in Safari
  return event.isComposing || event.keyCode === 229;
}

/** As high as its text; how high that may be at most is the style sheet's to say. */
export function fitHeight(field: HTMLTextAreaElement | null): void {
  if (field !== null) {
    field.style.blockSize = "auto";
    field.style.blockSize = `${field.scrollHeight}px`;
  }
}
