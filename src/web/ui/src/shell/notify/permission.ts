import { change, settings } from "../settings/store.js";

/** Browsers notify only from secure pages. */
export function canNotify(): boolean {
  return "Notification" in window && window.isSecureContext;
}

export function isDenied(): boolean {
  return canNotify() && Notification.permission === "denied";
}

/** Asks the browser, which asks the person: only ever from a press of theirs. */
export async function turnOn(): Promise<boolean> {
  const granted = canNotify() && (await Notification.requestPermission()) === "granted";
  change({ notifications: granted });
  return granted;
}

export function isOn(): boolean {
  return canNotify() && settings.getSnapshot().notifications && Notification.permission === "granted";
}
