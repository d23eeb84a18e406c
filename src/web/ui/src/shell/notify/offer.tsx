import type { Chat } from "@chatbackend/client";
import { useEffect, useState } from "preact/hooks";
import { Button } from "../../kit/button.js";
import { BellIcon } from "../../kit/icons.js";
import { notifyText } from "../../text/shell.js";
import { keep, readKept } from "../settings/kept.js";
import { canNotify, turnOn } from "./permission.js";

const key = "chat.notifications.offered";

/** Offers notifications to who comes back after having left the page in the middle of an answer; once, and never before. */
export function NotifyOffer({ chat }: { chat: Chat }) {
  const [offered, setOffered] = useState(false);
  useEffect(() => {
    let left = false;
    const changed = () => {
      if (document.hidden) {
        left ||= isWaiting(chat) && canOffer();
      } else if (left) {
        left = false;
        setOffered(canOffer());
      }
    };
    document.addEventListener("visibilitychange", changed);
    return () => { document.removeEventListener("visibilitychange", changed); };
  }, [chat]);
  if (!offered) {
    return null;
  }
  const done = () => {
    setOffered(false);
    keep(key, "yes");
  };
  return (
    <section class="shell-bar" aria-label={notifyText.label}>
      <BellIcon />
      <p>{notifyText.offer}</p>
      <Button small kind="quiet" onClick={done}>{notifyText.notNow}</Button>
      <Button small onClick={() => { void turnOn().finally(done); }}>{notifyText.turnOn}</Button>
    </section>
  );
}

function isWaiting(chat: Chat): boolean {
  return chat.threads.getSnapshot().threads.some(({ running }) => running) || chat.outbox.getSnapshot().some(({ type }) => type === "chat");
}

function canOffer(): boolean {
  return canNotify() && Notification.permission === "default" && readKept(key) === null;
}
