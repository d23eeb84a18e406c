import type { Chat } from "@chatbackend/client";
import { useId, useRef, useState } from "preact/hooks";
import { IconButton } from "../../kit/button.js";
import { CloseIcon } from "../../kit/icons.js";
import { useObservable } from "../../kit/useObservable.js";
import { drawerText } from "../../text/drawer.js";
import { formatTime } from "../../text/format.js";
import { EventsTab } from "./eventsTab.js";
import { ReplayTab } from "./replayTab.js";
import type { Replay } from "./replay.js";

export interface DrawerProps {
  readonly chat: Chat;
  readonly replay: Replay | null;
  readonly onReplay: (replay: Replay | null) => void;
  readonly onClose: () => void;
}

const tabs = ["events", "outbox", "replay"] as const;
type Tab = (typeof tabs)[number];

/** What goes over the wire, for who builds with it. */
export function Drawer({ chat, replay, onReplay, onClose }: DrawerProps) {
  const [tab, setTab] = useState<Tab>("events");
  const id = useId();
  const bar = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by !== 0) {
      event.preventDefault();
      const step = getComputedStyle(event.currentTarget as Element).direction === "rtl" ? -by : by;
      const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length] ?? "events";
      setTab(next);
      bar.current?.querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
    }
  };
  return (
    <aside class="developer" aria-label={drawerText.title} data-focus-home="[role=tab][aria-selected=true]">
      <header>
        <div ref={bar} role="tablist" aria-label={drawerText.title} onKeyDown={move}>
          {tabs.map((name) => (
            <button
              key={name}
              type="button"
              role="tab"
              id={`${id}${name}`}
              class="button quiet"
              data-tab={name}
              aria-selected={tab === name}
              aria-controls={`${id}panel`}
              tabIndex={tab === name ? 0 : -1}
              onClick={() => { setTab(name); }}
            >
              {drawerText[name]}
            </button>
          ))}
        </div>
        <IconButton icon={CloseIcon} label={drawerText.close} onClick={onClose} />
      </header>
      <State chat={chat} />
      <div id={`${id}panel`} class="drawer-panel" role="tabpanel" aria-labelledby={`${id}${tab}`}>
        {tab === "events" ? <EventsTab /> : tab === "outbox" ? <OutboxTab chat={chat} /> : <ReplayTab replay={replay} onReplay={onReplay} />}
      </div>
    </aside>
  );
}

function State({ chat }: { chat: Chat }) {
  const { state, reconnects, roundTrip, userId, logId } = useObservable(chat.connection);
  return (
    <dl class="drawer-state">
      <div><dt>{drawerText.state}</dt><dd>{state} · {drawerText.reconnects(reconnects)} · {roundTrip === undefined ? drawerText.noRoundTrip : drawerText.roundTrip(roundTrip)}</dd></div>
      <div><dt>{drawerText.user}</dt><dd dir="ltr">{userId ?? "–"}</dd></div>
      <div><dt>{drawerText.log}</dt><dd dir="ltr">{logId ?? "–"}</dd></div>
    </dl>
  );
}

function OutboxTab({ chat }: { chat: Chat }) {
  const outbox = useObservable(chat.outbox);
  if (outbox.length === 0) {
    return <p class="drawer-hint">{drawerText.outboxEmpty}</p>;
  }
  return (
    <ul class="frames" role="list" dir="ltr">
      {outbox.map(({ clientId, type, threadId, queuedAt, error }) => (
        <li key={clientId} class="frame">
          <p><span class="frame-type">{type}</span> {threadId ?? ""} <span class="frame-time">{drawerText.waitsSince} {formatTime(queuedAt)}</span></p>
          {error && <p class="frame-error">{error.code}: {error.message}</p>}
        </li>
      ))}
    </ul>
  );
}
