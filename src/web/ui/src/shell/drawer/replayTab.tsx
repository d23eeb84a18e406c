import { useRef, useState } from "preact/hooks";
import { Button } from "../../kit/button.js";
import { CloseIcon, PauseIcon, PlayIcon, RetryIcon, StepIcon } from "../../kit/icons.js";
import { useObservable } from "../../kit/useObservable.js";
import { drawerText } from "../../text/drawer.js";
import { reasonOf } from "../notice.js";
import { parseExport, Replay, speeds } from "./replay.js";

export interface ReplayTabProps {
  readonly replay: Replay | null;
  readonly onReplay: (replay: Replay | null) => void;
}

export function ReplayTab({ replay, onReplay }: ReplayTabProps) {
  const [failed, setFailed] = useState<string>();
  const [over, setOver] = useState(false);
  const file = useRef<HTMLInputElement>(null);
  const read = (chosen: File | undefined) => {
    setFailed(undefined);
    chosen?.text().then((text) => {
      const opened = new Replay(parseExport(text));
      onReplay(opened);
      opened.play();
    }).catch((error: unknown) => { setFailed(reasonOf(error)); });
  };
  return (
    <div
      class={over ? "replay over" : "replay"}
      onDragOver={(event) => { event.preventDefault(); setOver(true); }}
      onDragLeave={() => { setOver(false); }}
      onDrop={(event) => { event.preventDefault(); setOver(false); read(event.dataTransfer?.files[0]); }}
    >
      {replay && <Controls replay={replay} onReplay={onReplay} />}
      <p>{drawerText.replayWords}</p>
      <input ref={file} type="file" accept=".json,application/json" hidden onChange={(event) => { read(event.currentTarget.files?.[0]); event.currentTarget.value = ""; }} />
      <Button onClick={() => { file.current?.click(); }}>{drawerText.choose}</Button>
      {failed && <p role="alert" class="frame-error">{failed}</p>}
    </div>
  );
}

function Controls({ replay, onReplay }: { replay: Replay; onReplay: (replay: Replay | null) => void }) {
  const { done, all, playing, speed } = useObservable(replay);
  const again = () => {
    const next = new Replay(replay.source, speed);
    onReplay(next);
    next.play();
  };
  return (
    <div class="replay-controls" role="group" aria-label={drawerText.replaying(replay.source.title)}>
      <p><strong dir="auto">{replay.source.title}</strong> · {drawerText.progress(done, all)}</p>
      <progress aria-label={drawerText.replay} max={all} value={done} />
      <div class="drawer-tools">
        {done === all
          ? <Button small icon={RetryIcon} onClick={again}>{drawerText.again}</Button>
          : playing
            ? <Button small icon={PauseIcon} onClick={() => { replay.pause(); }}>{drawerText.pauseReplay}</Button>
            : <Button small icon={PlayIcon} onClick={() => { replay.play(); }}>{drawerText.play}</Button>}
        <Button small icon={StepIcon} disabled={done === all} onClick={() => { replay.pause(); replay.step(); }}>{drawerText.step}</Button>
        <Button small icon={CloseIcon} onClick={() => { onReplay(null); }}>{drawerText.stopReplay}</Button>
      </div>
      <label class="replay-speed">
        {drawerText.speed}
        <input
          type="range"
          min={0}
          max={speeds.length - 1}
          step={1}
          value={speeds.indexOf(speed as (typeof speeds)[number])}
          aria-valuetext={drawerText.times(speed)}
          onInput={(event) => { replay.setSpeed(speeds[Number(event.currentTarget.value)] ?? 1); }}
        />
        <output>{drawerText.times(speed)}</output>
      </label>
    </div>
  );
}
