import { WarningIcon } from "../../kit/icons.js";
import { conversation as words } from "../../text/conversation.js";
import { memo } from "../memo.js";
import { Fold } from "./fold.js";
import type { Work } from "./segments.js";
import { Steps, ThoughtFor, Thought } from "./steps.js";
import { bracket } from "./summary.js";
import { titleOf } from "./tool.js";

/** So many steps are named in the one line; of more the last ones are. */
const NAMED = 4;

/** What was thought and done between two texts, in one line: "Thought 4 s → Searched threads (2 hits)". It opens to a timeline. */
export const WorkFold = memo(function WorkFold({ items }: { readonly items: readonly Work[] }) {
  const [only] = items;
  return only?.kind === "thinking" && items.length === 1
    ? <Fold class="work" summary={<ThoughtFor part={only} />}>{() => <Thought text={only.text} />}</Fold>
    : <Fold class="work" summary={<Line items={items} />}>{() => <Steps items={items} />}</Fold>;
});

function Line({ items }: { readonly items: readonly Work[] }) {
  const open = items.findLast(isOpen);
  if (open !== undefined) {
    return <Current item={open} done={items.length - 1} />;
  }

  const named = items.slice(-NAMED);
  return (
    <span class="chain">
      {named.length < items.length && <span class="link">{words.step(items.length - named.length)}</span>}
      {named.map((item) => (
        <span class="link" key={item.kind === "tool" ? item.callId : item.partId}>
          {item.kind === "thinking"
            ? <ThoughtFor part={item} />
            : <>{item.state !== "succeeded" && <WarningIcon />}{`${titleOf(item)}${bracket(item)}`}</>}
        </span>
      ))}
    </span>
  );
}

function Current({ item, done }: { readonly item: Work; readonly done: number }) {
  const progress = item.kind === "tool" ? item.progress : undefined;
  return (
    <span class="chain">
      {done > 0 && <span class="link">{words.step(done)}</span>}
      <span class="link">
        {item.kind === "thinking" ? <ThoughtFor part={item} /> : <span class={item.state === "running" ? "shimmer" : ""}>{titleOf(item)}</span>}
        {progress !== undefined && <span class="link-progress" dir="auto">{progress.text}</span>}
        {progress?.fraction !== undefined && <progress max={1} value={progress.fraction} aria-label={progress.text} />}
      </span>
    </span>
  );
}

function isOpen(item: Work): boolean {
  return item.kind === "thinking" ? !item.done : item.state === "running" || item.state === "awaiting_approval";
}
