import type { ComponentChildren, Ref, RefObject } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Icon } from "./icons.js";
import { CheckIcon } from "./icons.js";
import { place } from "./place.js";
import { useStable } from "./useStable.js";

export interface MenuItem {
  readonly label: string;
  /** A line below the label that explains it. */
  readonly description?: string;
  readonly icon?: Icon;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  /** One of a group of which one is chosen. */
  readonly checked?: boolean;
  /** Draws a line above it. */
  readonly separated?: boolean;
  /** A link, that the browser follows or saves. */
  readonly href?: string;
  readonly download?: boolean;
  readonly onSelect?: () => void;
}

export interface MenuTrigger {
  readonly buttonRef: Ref<HTMLButtonElement>;
  readonly onClick: () => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly "aria-haspopup": "menu";
  readonly "aria-expanded": boolean;
  readonly "aria-controls": string | undefined;
}

export interface MenuProps {
  readonly label: string;
  readonly items: readonly MenuItem[];
  readonly align?: "start" | "end";
  readonly prefer?: "below" | "above";
  /** The button: `<Menu …>{(trigger) => <IconButton icon={MoreIcon} label="More" {...trigger} />}</Menu>`. */
  readonly children: (trigger: MenuTrigger) => ComponentChildren;
}

/** A button with a menu in the top layer: arrow keys, Home, End, first letters; Escape and Tab close it, and the focus is on the button again. */
export function Menu({ label, items, align = "start", prefer = "below", children }: MenuProps) {
  const [open, setOpen] = useState<"no" | "first" | "last">("no");
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  return (
    <>
      {children({
        buttonRef: button,
        onClick: () => { setOpen(open === "no" ? "first" : "no"); },
        onKeyDown: (event) => {
          if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            event.preventDefault();
            setOpen(event.key === "ArrowDown" ? "first" : "last");
          }
        },
        "aria-haspopup": "menu",
        "aria-expanded": open !== "no",
        "aria-controls": open === "no" ? undefined : id,
      })}
      {open !== "no" && (
        <MenuList id={id} label={label} items={items} startAt={open} align={align} prefer={prefer} anchor={button} onClose={() => { setOpen("no"); }} />
      )}
    </>
  );
}

interface MenuListProps extends Required<Omit<MenuProps, "children">> {
  readonly id: string;
  readonly startAt: "first" | "last";
  readonly anchor: RefObject<HTMLElement | null>;
  readonly onClose: () => void;
}

function MenuList({ id, label, items, startAt, align, prefer, anchor, onClose }: MenuListProps) {
  const list = useRef<HTMLDivElement>(null);
  const typed = useRef({ text: "", at: 0 });
  const dismiss = useStable(onClose);
  const buttons = () => [...(list.current?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];

  useLayoutEffect(() => {
    const popover = list.current;
    const button = anchor.current;
    if (!popover || !button) {
      return;
    }
    popover.showPopover();
    place(popover, button, { align, prefer });
    const all = [...popover.querySelectorAll<HTMLElement>("[role^=menuitem]")];
    const chosen = all.find((item) => item.ariaChecked === "true");
    (startAt === "first" ? chosen ?? all[0] : all.at(-1))?.focus();
  }, [anchor, align, prefer, startAt]);

  // Light dismiss closes on pointer down, and a click on the button itself would open it again: so the menu is a manual popover.
  useEffect(() => {
    const outside = (event: Event) => {
      const target = event.target as Node;
      if (!list.current?.contains(target) && !anchor.current?.contains(target)) {
        dismiss();
      }
    };
    const replace = () => {
      const button = anchor.current;
      if (list.current && button) {
        place(list.current, button, { align, prefer });
      }
    };
    document.addEventListener("pointerdown", outside, true);
    window.addEventListener("resize", replace);
    window.addEventListener("scroll", replace, true);
    return () => {
      document.removeEventListener("pointerdown", outside, true);
      window.removeEventListener("resize", replace);
      window.removeEventListener("scroll", replace, true);
    };
  }, [anchor, align, prefer, dismiss]);

  const close = () => {
    anchor.current?.focus();
    onClose();
  };

  const move = (event: KeyboardEvent) => {
    const all = buttons();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const next = targetOf(event, all, at, typed.current);
    if (next) {
      next.focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      close();
    } else {
      return;
    }
    // What Tab leads to is after the button; the browser goes on from there.
    if (event.key !== "Tab") {
      event.preventDefault();
    }
    event.stopPropagation();
  };

  const group = items.some((item) => item.checked !== undefined);
  return (
    <div id={id} ref={list} popover="manual" role="menu" aria-label={label} class="menu" tabIndex={-1} onKeyDown={move}>
      {items.map((item) => (
        <Item key={item.label} item={item} group={group} onDone={close} />
      ))}
    </div>
  );
}

function Item({ item, group, onDone }: { item: MenuItem; group: boolean; onDone: () => void }) {
  const select = (event: Event) => {
    if (item.disabled) {
      event.preventDefault();
      return;
    }
    onDone();
    item.onSelect?.();
  };
  const IconOf = item.icon;
  const inside = (
    <>
      {IconOf ? <IconOf /> : null}
      <span class="words">{item.label}{item.description && <small>{item.description}</small>}</span>
      {item.checked && <CheckIcon />}
    </>
  );
  const common = {
    role: item.checked === undefined ? "menuitem" as const : "menuitemradio" as const,
    tabIndex: -1,
    class: item.danger ? "menu-item danger" : "menu-item",
    onClick: select,
    ...(item.checked === undefined ? {} : { "aria-checked": item.checked }),
    ...(item.disabled ? { "aria-disabled": true } : {}),
  };
  return (
    <>
      {item.separated && !group && <div role="separator" class="menu-separator" />}
      {item.href === undefined
        ? <button type="button" {...common}>{inside}</button>
        : <a href={item.href} {...(item.download ? { download: "" } : {})} {...common}>{inside}</a>}
    </>
  );
}

function targetOf(event: KeyboardEvent, all: readonly HTMLElement[], at: number, typed: { text: string; at: number }): HTMLElement | undefined {
  switch (event.key) {
    case "ArrowDown": return all[(at + 1) % all.length];
    case "ArrowUp": return all[(at - 1 + all.length) % all.length];
    case "Home": return all[0];
    case "End": return all.at(-1);
  }
  if (event.key.length !== 1 || event.key === " " || event.ctrlKey || event.metaKey || event.altKey) {
    return undefined;
  }
  typed.text = event.timeStamp - typed.at < 700 ? typed.text + event.key.toLowerCase() : event.key.toLowerCase();
  typed.at = event.timeStamp;
  return [...all.slice(at + 1), ...all.slice(0, at + 1)].find((item) => item.textContent.trim().toLowerCase().startsWith(typed.text));
}
