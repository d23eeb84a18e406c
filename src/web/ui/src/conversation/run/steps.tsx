import type { ThinkingPart } from "@chatbackend/client";
import { SparkIcon } from "../../kit/icons.js";
import { conversation as words } from "../../text/conversation.js";
import { between, useNow } from "../clock.js";
import { memo } from "../memo.js";
import { Fold } from "./fold.js";
import type { Work } from "./segments.js";
import { ToolStep } from "./tool.js";

export function Steps({ items }: { readonly items: readonly Work[] }) {
  return (
    <ol class="steps" role="list">
      {items.map((item) => (item.kind === "tool" ? <ToolStep key={item.callId} call={item} /> : <ThinkingStep key={item.partId} part={item} />))}
    </ol>
  );
}

const ThinkingStep = memo(function ThinkingStep({ part }: { readonly part: ThinkingPart }) {
  return (
    <li class="step thinking">
      <span class="mark"><SparkIcon /></span>
      <div class="step-body">
        <Fold class="thought" summary={<ThoughtFor part={part} />}>{() => <Thought text={part.text} />}</Fold>
      </div>
    </li>
  );
});

export function Thought({ text }: { readonly text: string }) {
  return <p class="thought-text" dir="auto">{text}</p>;
}

/** "Thinking 3 s" while it goes on, "Thought 4 s" afterwards. */
export function ThoughtFor({ part }: { readonly part: ThinkingPart }) {
  const now = useNow(!part.done);
  const took = between(part.startedAt, part.endedAt ?? now);
  return <span class={part.done ? "" : "shimmer"}>{part.done ? words.thought(words.duration(took)) : words.thoughtOpen(words.duration(Math.floor(took / 1000) * 1000))}</span>;
}
