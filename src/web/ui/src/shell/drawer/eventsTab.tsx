import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button } from "../../kit/button.js";
import { PauseIcon, PlayIcon, TrashIcon } from "../../kit/icons.js";
import { useObservable } from "../../kit/useObservable.js";
import { drawerText } from "../../text/drawer.js";
import type { LoggedFrame } from "./frameLog.js";
import { clearFrames, frameLog, publish } from "./frameLog.js";

const SHOWN = 300;

export function EventsTab() {
  const log = useObservable(frameLog);
  const [held, setHeld] = useState<typeof log | null>(null);
  const [filter, setFilter] = useState("");
  const [open, setOpen] = useState<number>();
  const listRef = useRef<HTMLOListElement>(null);
  const atEndRef = useRef(true);
  const { frames, dropped } = held ?? log;
  const matching = frames.filter(({ frame }) => typeof frame["type"] === "string" && frame["type"].includes(filter.trim()));
  const shown = matching.slice(-SHOWN);
  const newest = shown.at(-1)?.id;
  const hidden = dropped + frames.length - shown.length;

  useEffect(publish, []);
  useLayoutEffect(() => {
    if (atEndRef.current) {
      listRef.current?.scrollTo(0, listRef.current.scrollHeight);
    }
  }, [newest]);

  return (
    <>
      <div class="drawer-tools">
        <input class="field" type="text" inputMode="search" dir="ltr" placeholder={drawerText.filter} aria-label={drawerText.filter} value={filter} onInput={(event) => { setFilter(event.currentTarget.value); }} />
        <Button small icon={held ? PlayIcon : PauseIcon} onClick={() => { setHeld(held ? null : log); }}>{held ? drawerText.resume : drawerText.pause}</Button>
        <Button small icon={TrashIcon} onClick={clearFrames}>{drawerText.clear}</Button>
      </div>
      {hidden > 0 && filter === "" && <p class="drawer-hint">{drawerText.older(hidden)}</p>}
      {shown.length === 0
        ? <p class="drawer-hint">{drawerText.noEvents}</p>
        : (
          <ol
            ref={listRef}
            class="frames"
            role="list"
            dir="ltr"
            tabIndex={0}
            aria-label={drawerText.eventsLabel}
            onScroll={({ currentTarget }) => { atEndRef.current = currentTarget.scrollHeight - currentTarget.scrollTop - currentTarget.clientHeight < 40; }}
          >
            {shown.map((frame, at) => (
              <Frame key={frame.id} logged={frame} gap={frame.at - (shown[at - 1]?.at ?? frame.at)} open={open === frame.id} onOpen={() => { setOpen(open === frame.id ? undefined : frame.id); }} />
            ))}
          </ol>
        )}
    </>
  );
}

const arrows = { sent: "→", received: "←", state: "·" } as const;
const directions = { sent: drawerText.sent, received: drawerText.received, state: drawerText.stateChange } as const;

function Frame({ logged, gap, open, onOpen }: { logged: LoggedFrame; gap: number; open: boolean; onOpen: () => void }) {
  const { direction, frame, at } = logged;
  const seq = frame["seq"];
  return (
    <li class={`frame ${direction}`}>
      <button type="button" aria-expanded={open} onClick={onOpen}>
        <span role="img" aria-label={directions[direction]}>{arrows[direction]}</span>
        <span class="frame-type">{String(frame["type"])}</span>
        {typeof seq === "number" && <span class="frame-seq">#{seq}</span>}
        <span class="frame-time">{(at / 1000).toFixed(3)} s</span>
        <span class="frame-gap">+{gap < 1000 ? `${Math.round(gap)} ms` : `${(gap / 1000).toFixed(1)} s`}</span>
      </button>
      {open && <pre>{JSON.stringify(frame, null, 2)}</pre>}
    </li>
  );
}
