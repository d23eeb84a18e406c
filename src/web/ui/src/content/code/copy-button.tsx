import { useEffect, useState } from "preact/hooks";
import { Button } from "../../kit/button.js";
import { CheckIcon, CopyIcon } from "../../kit/icons.js";
import { announce } from "../../kit/live.js";
import { contentText } from "../../text/content.js";

const CONFIRMED_FOR = 2_000;

export function CopyButton({ language, text }: { readonly language: string; readonly text: () => string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => { setCopied(false); }, CONFIRMED_FOR);
    return () => { clearTimeout(timer); };
  }, [copied]);
  const copy = () => {
    navigator.clipboard.writeText(text()).then(
      () => {
        setCopied(true);
        announce(contentText.codeCopied);
      },
      () => { announce(contentText.copyFailed, "assertive"); },
    );
  };
  return (
    <Button small kind="quiet" class="no-print" icon={copied ? CheckIcon : CopyIcon} aria-label={contentText.copyCode(language)} onClick={copy}>
      {copied ? contentText.copied : contentText.copy}
    </Button>
  );
}
