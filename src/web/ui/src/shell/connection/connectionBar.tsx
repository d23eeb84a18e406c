import type { Chat, ConnectionSnapshot } from "@chatbackend/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "../../kit/button.js";
import { OfflineIcon, RetryIcon, UserIcon, WarningIcon } from "../../kit/icons.js";
import { announce } from "../../kit/live.js";
import { useObservable } from "../../kit/useObservable.js";
import { connectionText, shellText } from "../../text/shell.js";
import { reasonOf } from "../notice.js";

/** A connection that is back this soon is not worth a word. */
const GRACE_MS = 1_500;

type Trouble = "offline" | "waiting" | "connecting" | "closed" | "ended";

/** Nothing while all is well; else what is wrong, and what can be done. */
export function ConnectionBar({ chat }: { chat: Chat }) {
  const connection = useObservable(chat.connection);
  const trouble = useTrouble(connection);
  useAnnouncements(trouble);
  switch (trouble) {
    case "offline":
      return <Bar kind="warn" icon={<OfflineIcon />} words={connectionText.offline} />;
    case "waiting":
      return <Bar kind="warn" icon={<OfflineIcon />} words={<Countdown until={connection.retryAt} />} action={<Button small icon={RetryIcon} onClick={() => { chat.reconnect(); }}>{connectionText.retry}</Button>} />;
    case "connecting":
      return <Bar kind="calm" words={connectionText.connecting} />;
    case "closed":
      return (
        <Bar
          kind="bad"
          icon={<WarningIcon />}
          words={connection.reason?.text ? connectionText.closed(connection.reason.text) : connectionText.closedWithout}
          action={<Button small icon={RetryIcon} onClick={() => { location.reload(); }}>{shellText.reload}</Button>}
        />
      );
    case "ended":
      return <SessionEnded chat={chat} />;
    default:
      return null;
  }
}

function SessionEnded({ chat }: { chat: Chat }) {
  const [failed, setFailed] = useState<string>();
  const [busy, setBusy] = useState(false);
  const begin = () => {
    setBusy(true);
    setFailed(undefined);
    chat.startSession()
      .catch((error: unknown) => { setFailed(reasonOf(error)); })
      .finally(() => { setBusy(false); });
  };
  return (
    <Bar
      kind="warn"
      icon={<WarningIcon />}
      words={<><strong>{connectionText.ended}.</strong> {failed ?? connectionText.endedWords}</>}
      action={<Button small icon={UserIcon} disabled={busy} onClick={begin}>{connectionText.asGuest}</Button>}
    />
  );
}

interface BarProps {
  readonly kind: "calm" | "warn" | "bad";
  readonly icon?: preact.ComponentChildren;
  readonly words: preact.ComponentChildren;
  readonly action?: preact.ComponentChildren;
}

function Bar({ kind, icon, words, action }: BarProps) {
  return (
    <section class={`shell-bar ${kind}`} aria-label={connectionText.label} data-focus-home="button">
      {icon}
      <p>{words}</p>
      {action}
    </section>
  );
}

function Countdown({ until }: { until: number | undefined }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => { setNow(Date.now()); }, 500);
    return () => { clearInterval(timer); };
  }, [until]);
  return <span class="countdown">{connectionText.waiting(Math.max(0, Math.ceil(((until ?? now) - now) / 1000)))}</span>;
}

/** What is wrong, as long as it is: a try to connect again does not make it another trouble. */
function useTrouble({ state, sessionEnded }: ConnectionSnapshot): Trouble | undefined {
  const now: Trouble | undefined = sessionEnded ? "ended" : state === "open" ? undefined : state;
  const isWell = now === undefined;
  const [patient, setPatient] = useState(true);
  const [held, setHeld] = useState<Trouble | undefined>(undefined);
  useEffect(() => {
    if (isWell) {
      setPatient(true);
      return;
    }
    const timer = setTimeout(() => { setPatient(false); }, GRACE_MS);
    return () => { clearTimeout(timer); };
  }, [isWell]);
  useEffect(() => {
    if (now !== "connecting") {
      setHeld(now);
    }
  }, [now]);
  const trouble = now === "connecting" ? held ?? now : now;
  return patient && (trouble === "waiting" || trouble === "connecting") ? undefined : trouble;
}

function useAnnouncements(trouble: Trouble | undefined): void {
  const lostRef = useRef(false);
  useEffect(() => {
    if (trouble === undefined) {
      if (lostRef.current) {
        announce(connectionText.back);
      }
      lostRef.current = false;
    } else if (trouble !== "connecting") {
      lostRef.current = true;
      announce(trouble === "offline" ? connectionText.offline : trouble === "ended" ? connectionText.ended : connectionText.lost);
    }
  }, [trouble]);
}
