import type { ComponentChildren, JSX, Ref } from "preact";
import type { Icon } from "./icons.js";

type Native = Omit<JSX.IntrinsicElements["button"], "children" | "disabled" | "label" | "icon" | "ref" | "size" | "class">;

export interface ButtonProps extends Native {
  readonly kind?: "plain" | "primary" | "danger" | "quiet";
  readonly small?: boolean;
  readonly icon?: Icon;
  readonly class?: string;
  /** Does nothing and says so, but keeps the focus: a `disabled` button would lose it. */
  readonly disabled?: boolean;
  readonly children?: ComponentChildren;
  readonly buttonRef?: Ref<HTMLButtonElement>;
}

export function Button({ kind = "plain", small, icon: IconOf, disabled, children, buttonRef, class: name, onClick, ...native }: ButtonProps) {
  return (
    <button
      type="button"
      {...native}
      {...(buttonRef ? { ref: buttonRef } : {})}
      {...(disabled ? { "aria-disabled": "true" as const } : {})}
      class={["button", kind, small ? "small" : "", children ? "" : "icon-only", name ?? ""].filter(Boolean).join(" ")}
      onClick={disabled ? (event) => { event.preventDefault(); } : onClick}
    >
      {IconOf && <IconOf />}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Omit<ButtonProps, "children"> {
  readonly icon: Icon;
  /** The accessible name, shown as a tooltip too. */
  readonly label: string;
  /** Shown beside the label in the tooltip, as "Ctrl+K". */
  readonly keys?: string;
}

export function IconButton({ label, keys, kind = "quiet", ...rest }: IconButtonProps) {
  return <Button {...rest} kind={kind} aria-label={label} data-tip={label} {...(keys ? { "data-keys": keys } : {})} />;
}
