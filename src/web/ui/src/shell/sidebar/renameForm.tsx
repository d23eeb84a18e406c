import { useLayoutEffect, useRef } from "preact/hooks";
import { IconButton } from "../../kit/button.js";
import { CheckIcon, CloseIcon } from "../../kit/icons.js";
import { shellText } from "../../text/shell.js";

const MAX_TITLE = 200;

export interface RenameFormProps {
  readonly title: string;
  readonly onSave: (title: string) => void;
  readonly onCancel: () => void;
}

/** Enter saves, Escape gives up; a press elsewhere does neither, so that nothing typed is lost. */
export function RenameForm({ title, onSave, onCancel }: RenameFormProps) {
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  const save = () => {
    const written = input.current?.value.trim() ?? "";
    if (written === "" || written === title) {
      onCancel();
    } else {
      onSave(written);
    }
  };
  return (
    <form
      class="rename"
      onSubmit={(event) => { event.preventDefault(); save(); }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") {
          event.preventDefault();
          onCancel();
        }
      }}
    >
      <input ref={input} class="field" dir="auto" maxLength={MAX_TITLE} defaultValue={title} aria-label={shellText.renameLabel(title)} autocomplete="off" enterkeyhint="done" />
      <IconButton small type="submit" icon={CheckIcon} label={shellText.save} />
      <IconButton small icon={CloseIcon} label={shellText.cancel} onClick={onCancel} />
    </form>
  );
}
