import type { RunEnd, RunSnapshot } from "@chatbackend/client";
import { InfoIcon } from "../../kit/icons.js";
import { conversation as words } from "../../text/conversation.js";
import { PopoverButton } from "./popover.js";

/** When an answer was given, how long it took and what it used. */
export function About({ run, end }: { readonly run: RunSnapshot; readonly end: RunEnd }) {
  const { usage = {} } = end;
  const tokens = (name: string) => (usage[name] === undefined ? undefined : words.tokens(usage[name]));
  const rows: readonly (readonly [string, string | undefined])[] = [
    [words.aboutAgent, run.agent],
    [words.aboutStarted, words.moment(run.startedAt)],
    [words.aboutEnded, words.moment(end.at)],
    [words.aboutTook, end.durationMs === undefined ? undefined : words.duration(end.durationMs)],
    [words.aboutInput, tokens("input_tokens")],
    [words.aboutCached, tokens("cached_tokens")],
    [words.aboutOutput, tokens("output_tokens")],
    [words.aboutReasoning, tokens("reasoning_tokens")],
    [words.aboutCost, usage["cost"] === undefined ? undefined : words.cost(usage["cost"])],
    [words.aboutTrace, run.traceId],
  ];
  return (
    <PopoverButton icon={InfoIcon} label={words.about}>
      <dl class="about">
        {rows.map(([name, value]) => value !== undefined && (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </PopoverButton>
  );
}
