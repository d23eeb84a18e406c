import type { RunEnd } from "@chatbackend/client";
import type { ComponentChildren } from "preact";
import { Button } from "../../kit/button.js";
import { type Icon, InfoIcon, RetryIcon, StopIcon, WarningIcon } from "../../kit/icons.js";
import { conversation as words } from "../../text/conversation.js";
import { between, useNow } from "../clock.js";

export interface EndingProps {
  readonly end: RunEnd;
  readonly lostText: boolean;
  /** Left out where nothing can be done about it any more: of a nested run, or of an answer that others follow. */
  readonly onRetry?: (() => void) | undefined;
  readonly onGoOn?: (() => void) | undefined;
}

/** How an answer ended, when that is worth a word: a complete one says nothing. */
export function Ending({ end, lostText, onRetry, onGoOn }: EndingProps) {
  return (
    <>
      {lostText && <Line icon={WarningIcon} kind="warn">{words.lost}</Line>}
      <How end={end} onRetry={onRetry} onGoOn={onGoOn} />
    </>
  );
}

function How({ end, onRetry, onGoOn }: Omit<EndingProps, "lostText">) {
  const goOn = onGoOn && <Button small onClick={onGoOn}>{words.goOn}</Button>;
  switch (end.type) {
    case "failed":
      return (
        <Line icon={WarningIcon} kind="bad" action={onRetry && <Retry end={end} onRetry={onRetry} />}>
          {end.message === undefined ? words.failed : words.failedBecause(end.message)}
        </Line>
      );
    case "stopped":
      switch (end.reason) {
        case "budget": return <Line icon={WarningIcon} kind="warn" action={goOn}>{words.budget}</Line>;
        case "interrupted_by_message": return <Line icon={StopIcon}>{words.interrupted}</Line>;
        default: return <Line icon={StopIcon}>{words.stopped}</Line>;
      }
    case "completed":
      switch (end.finish) {
        case "length": return <Line icon={WarningIcon} kind="warn" action={goOn}>{words.cut}</Line>;
        case "content_filter": return <Line icon={WarningIcon} kind="warn">{words.filtered}</Line>;
        case "refusal": return <Line icon={InfoIcon}>{words.refused}</Line>;
        case "empty": return <Line icon={InfoIcon}>{words.empty}</Line>;
        default: return null;
      }
  }
}

interface LineProps {
  readonly icon: Icon;
  readonly kind?: "quiet" | "warn" | "bad";
  readonly action?: ComponentChildren;
  readonly children: ComponentChildren;
}

function Line({ icon: IconOf, kind = "quiet", action, children }: LineProps) {
  return (
    <div class={`ending ${kind}`}>
      <p><IconOf /><span dir="auto">{children}</span></p>
      {action}
    </div>
  );
}

/** Not before the model wants to be asked again. */
function Retry({ end, onRetry }: { readonly end: RunEnd; readonly onRetry: () => void }) {
  const wait = end.retryAfterMs ?? 0;
  const now = useNow(wait > 0);
  const left = wait - between(end.at, now);
  return (
    <Button small icon={RetryIcon} disabled={left > 0} onClick={onRetry}>
      {left > 0 ? words.retryIn(words.countdown(left)) : words.retry}
    </Button>
  );
}
