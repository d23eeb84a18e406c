import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { kitText } from "../text/kit.js";
import { IconButton } from "./button.js";
import { CloseIcon } from "./icons.js";
import { LiveRegions } from "./live.js";

export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  readonly footer?: ComponentChildren;
  readonly wide?: boolean;
  /** `alertdialog` for a question that must be answered. */
  readonly role?: "dialog" | "alertdialog";
}

/** A modal dialog, open as long as it is rendered. Escape, its cross and a press beside it call `onClose`; then the focus is where it was before. */
export function Dialog({ title, onClose, children, footer, wide, role = "dialog" }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();

  useLayoutEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    // A dialog without a field begins with its name, not with the way out.
    if (element && !element.querySelector("[autofocus]")) {
      element.querySelector("h2")?.focus();
    }
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) {
        before.focus();
      }
    };
  }, []);

  return (
    <dialog
      ref={dialog}
      class={wide ? "dialog wide" : "dialog"}
      aria-labelledby={id}
      role={role}
      onCancel={(event) => { event.preventDefault(); onClose(); }}
      onPointerDown={(event) => {
        if (event.target === event.currentTarget && role === "dialog" && !isInside(event, event.currentTarget)) {
          onClose();
        }
      }}
    >
      <header>
        <h2 id={id} tabIndex={-1}>{title}</h2>
        <IconButton icon={CloseIcon} label={kitText.close} onClick={onClose} />
      </header>
      <div class="body">{children}</div>
      {footer && <footer>{footer}</footer>}
      <LiveRegions />
    </dialog>
  );
}

function isInside({ clientX, clientY }: PointerEvent, element: Element): boolean {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  return clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
}
