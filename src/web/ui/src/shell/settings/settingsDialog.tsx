import { useId } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { Dialog } from "../../kit/dialog.js";
import { useObservable } from "../../kit/useObservable.js";
import { settingsText } from "../../text/settings.js";
import { canNotify, isDenied, turnOn } from "../notify/permission.js";
import { mod } from "../shortcuts.js";
import type { Settings } from "./settings.js";
import { choices } from "./settings.js";
import { change, settings } from "./store.js";

export function SettingsDialog({ onClose }: { onClose: () => void }) {
  const current = useObservable(settings);
  const { options } = settingsText;
  const notifications = (on: boolean) => {
    if (on) {
      void turnOn();
    } else {
      change({ notifications: false });
    }
  };
  return (
    <Dialog title={settingsText.title} onClose={onClose}>
      <div class="settings">
        <Choice name="theme" label={settingsText.theme} words={options.theme} chosen={current.theme} />
        <Choice name="textSize" label={settingsText.textSize} words={options.textSize} chosen={current.textSize} />
        <Choice name="density" label={settingsText.density} words={options.density} chosen={current.density} />
        <Choice name="sendKey" label={settingsText.sendKey} words={{ enter: settingsText.enter, "ctrl+enter": settingsText.modEnter(mod) }} chosen={current.sendKey} />
        <Switch on={current.notifications && !isDenied()} disabled={!canNotify()} onChange={notifications}>
          {settingsText.notifications}
          {!canNotify() ? <small>{settingsText.notificationsMissing}</small> : isDenied() && <small>{settingsText.notificationsDenied}</small>}
        </Switch>
        <Switch on={current.singleKeys} onChange={(singleKeys) => { change({ singleKeys }); }}>{settingsText.singleKeys}</Switch>
        <Switch on={current.developer} onChange={(developer) => { change({ developer }); }}>{settingsText.developer}</Switch>
      </div>
    </Dialog>
  );
}

type Choosable = "theme" | "textSize" | "density" | "sendKey";

interface ChoiceProps<K extends Choosable> {
  readonly name: K;
  readonly label: string;
  readonly words: Readonly<Record<Settings[K], string>>;
  readonly chosen: Settings[K];
}

function Choice<K extends Choosable>({ name, label, words, chosen }: ChoiceProps<K>) {
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      <div class="segments">
        {(choices[name] as readonly unknown[] as readonly Settings[K][]).map((value) => (
          <label key={value} class={value === chosen ? "segment chosen" : "segment"}>
            <input type="radio" name={name} checked={value === chosen} onChange={() => { change({ [name]: value }); }} />
            <span>{words[value]}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Switch({ on, disabled, onChange, children }: { on: boolean; disabled?: boolean; onChange: (on: boolean) => void; children: ComponentChildren }) {
  const id = useId();
  return (
    <div class="switch-row">
      <label for={id}>{children}</label>
      <input id={id} type="checkbox" role="switch" class="switch" checked={on} disabled={disabled ?? false} onChange={(event) => { onChange(event.currentTarget.checked); }} />
    </div>
  );
}
