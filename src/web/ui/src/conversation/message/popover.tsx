import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { IconButton } from "../../kit/button.js";
import type { Icon } from "../../kit/icons.js";
import { place } from "../../kit/place.js";
import { useStable } from "../../kit/useStable.js";

export interface PopoverProps {
  readonly id?: string;
  readonly label: string;
  readonly anchor: { readonly current: HTMLElement | null };
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A small dialog beside its button, in the top layer. Escape, Tab beyond its end and a press beside it close it; Escape gives the focus back. */
export function Popover({ id, label, anchor, onClose, children }: PopoverProps) {
  const box = useRef<HTMLDivElement>(null);
  const close = useStable(onClose);

  useLayoutEffect(() => {
    const popover = box.current;
    const button = anchor.current;
    if (popover === null || button === null) {
      return undefined;
    }

    const replace = () => { place(popover, button, { prefer: "above" }); };
    popover.showPopover();
    replace();
    (popover.querySelector<HTMLElement>("input, textarea, button") ?? popover).focus();
    const leave = (to: EventTarget | null) => {
      if (to instanceof Node && !popover.contains(to) && !button.contains(to)) {
        close();
      }
    };
    const listeners = new AbortController();
    const options = { signal: listeners.signal, capture: true };
    document.addEventListener("pointerdown", (event) => { leave(event.target); }, options);
    popover.addEventListener("focusout", (event) => { leave(event.relatedTarget); }, options);
    window.addEventListener("resize", replace, options);
    window.addEventListener("scroll", replace, options);
    return () => { listeners.abort(); };
  }, [anchor, close]);

  return (
    <div
      ref={box}
      {...(id === undefined ? {} : { id })}
      popover="manual"
      role="dialog"
      aria-label={label}
      tabIndex={-1}
      class="popover"
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          event.preventDefault();
          event.stopPropagation();
          anchor.current?.focus();
          close();
        }
      }}
    >
      {children}
    </div>
  );
}

export interface PopoverButtonProps {
  readonly label: string;
  readonly icon: Icon;
  readonly children: ComponentChildren;
}

/** An icon that opens a small dialog of the same name. */
export function PopoverButton({ label, icon, children }: PopoverButtonProps) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  return (
    <>
      <IconButton
        small
        buttonRef={button}
        icon={icon}
        label={label}
        aria-haspopup="dialog"
        aria-expanded={open}
        {...(open ? { "aria-controls": id } : {})}
        onClick={() => { setOpen(!open); }}
      />
      {open && <Popover id={id} label={label} anchor={button} onClose={() => { setOpen(false); }}>{children}</Popover>}
    </>
  );
}
