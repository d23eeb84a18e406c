import { useEffect, useState } from "preact/hooks";
import { IconButton } from "../../kit/button.js";
import { CheckIcon, CopyIcon } from "../../kit/icons.js";
import { announce } from "../../kit/live.js";
import { conversation as words } from "../../text/conversation.js";
import { useTalk } from "../talk.js";

const SHOWN_MS = 2000;

/** `text` is asked for when it is wanted: an answer that is long is not put together for each render. */
export function CopyButton({ label, text }: { readonly label: string; readonly text: () => string }) {
  const talk = useTalk();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) {
      return undefined;
    }

    const timer = setTimeout(() => { setCopied(false); }, SHOWN_MS);
    return () => { clearTimeout(timer); };
  }, [copied]);

  const copy = async () => {
    // A page that is not served securely has no clipboard.
    const clipboard = "clipboard" in navigator ? navigator.clipboard.writeText(text()) : Promise.reject(new Error(words.copyFailed));
    if (await talk.attempt(clipboard)) {
      setCopied(true);
      announce(words.copied);
    }
  };
  return <IconButton small icon={copied ? CheckIcon : CopyIcon} label={copied ? words.copied : label} onClick={() => { void copy(); }} />;
}
