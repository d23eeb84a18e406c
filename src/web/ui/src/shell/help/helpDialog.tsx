import { Dialog } from "../../kit/dialog.js";
import { useObservable } from "../../kit/useObservable.js";
import { helpText } from "../../text/help.js";
import { settings } from "../settings/store.js";
import { keysOf, mod } from "../shortcuts.js";

export function HelpDialog({ onClose }: { onClose: () => void }) {
  const { sendKey, singleKeys } = useObservable(settings);
  const sections = [
    {
      title: helpText.everywhere,
      keys: [
        [helpText.newChat, keysOf.newChat],
        [helpText.search, keysOf.search],
        [helpText.sidebar, keysOf.sidebar],
        [helpText.stop, "Esc"],
        [helpText.help, keysOf.help, ...singleKeys ? ["?"] : []],
      ],
    },
    {
      title: helpText.writing,
      keys: [
        [helpText.send, sendKey === "enter" ? "Enter" : `${mod}+Enter`],
        [helpText.newLine, ...sendKey === "enter" ? ["Shift+Enter"] : ["Enter", "Shift+Enter"]],
        [helpText.earlier, "↑"],
      ],
    },
    {
      title: helpText.list,
      keys: [[helpText.move, "↑", "↓", "Home", "End"], [helpText.open, "Enter"], [helpText.rename, "F2"], [helpText.delete, "Delete"]],
    },
  ];
  return (
    <Dialog title={helpText.title} onClose={onClose}>
      {sections.map((section) => (
        <section key={section.title} class="help">
          <h3>{section.title}</h3>
          <dl>
            {section.keys.map(([what, ...keys]) => (
              <div key={what}>
                <dt>{what}</dt>
                <dd>{keys.map((key, at) => <>{at > 0 && " "}<Keys key={key} keys={key} /></>)}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}

function Keys({ keys }: { keys: string }) {
  return <kbd dir="ltr">{keys}</kbd>;
}
