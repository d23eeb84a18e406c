import { useEffect, useState } from "preact/hooks";
import { Button, IconButton } from "../kit/button.js";
import { CloseIcon } from "../kit/icons.js";
import { announce } from "../kit/live.js";
import { shellText } from "../text/shell.js";

export interface Notice {
  readonly words: string;
  readonly action?: { readonly label: string; readonly run: () => void };
  /** A failure stays until it is dismissed. */
  readonly failed?: boolean;
}

const SHOWN_MS = 10_000;
let listener: ((notice: Notice) => void) | undefined;

/** Says what was done, at the page's lower edge, perhaps with a way to undo it. */
export function notify(notice: Notice): void {
  // After what closes with it is closed: a dialog that goes takes its announcements with it.
  setTimeout(() => { announce(notice.words, notice.failed ? "assertive" : "polite"); });
  listener?.(notice);
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function NoticeHost() {
  const [notice, setNotice] = useState<Notice | null>(null);
  const [held, setHeld] = useState(false);
  useEffect(() => {
    listener = setNotice;
    return () => { listener = undefined; };
  }, []);
  useEffect(() => {
    if (!notice || notice.failed || held) {
      return;
    }
    const timer = setTimeout(() => { setNotice(null); }, SHOWN_MS);
    return () => { clearTimeout(timer); };
  }, [notice, held]);
  if (!notice) {
    return null;
  }
  const { words, action } = notice;
  return (
    <section
      aria-label={shellText.notice}
      class={notice.failed ? "shell-notice failed" : "shell-notice"}
      onPointerEnter={() => { setHeld(true); }}
      onPointerLeave={() => { setHeld(false); }}
      onFocusIn={() => { setHeld(true); }}
      onFocusOut={() => { setHeld(false); }}
    >
      <p>{words}</p>
      {action && <Button kind="quiet" onClick={() => { setNotice(null); action.run(); }}>{action.label}</Button>}
      <IconButton icon={CloseIcon} label={shellText.dismiss} onClick={() => { setNotice(null); }} />
    </section>
  );
}
