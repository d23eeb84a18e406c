import type { Run, TextPart } from "@chatbackend/client";
import { useId } from "preact/hooks";
import { Markdown } from "../../content/markdown.js";
import { IconButton } from "../../kit/button.js";
import { RetryIcon } from "../../kit/icons.js";
import { useObservable } from "../../kit/useObservable.js";
import { conversation as words } from "../../text/conversation.js";
import { memo } from "../memo.js";
import { About } from "../message/about.js";
import { CopyButton } from "../message/copy.js";
import { Feedback } from "../message/feedback.js";
import { useTalk } from "../talk.js";
import { Approvals } from "./approval.js";
import { Ending } from "./ending.js";
import { Note } from "./note.js";
import { markdownOf, type Segment, segments } from "./segments.js";
import { WorkFold } from "./work.js";

export interface AnswerProps {
  readonly run: Run;
  /** With more than one agent each answer says whose it is. */
  readonly named: boolean;
  /** The last answer can be gone on with. */
  readonly last: boolean;
}

/** What an agent did and said to one message. */
export const Answer = memo(function Answer({ run, named, last }: AnswerProps) {
  const talk = useTalk();
  const id = useId();
  const snapshot = useObservable(run);
  const { agent, items, end, lostText, feedback } = snapshot;
  const found = segments(items);
  const answerable = talk.messageOf(snapshot) !== undefined;
  return (
    <article class="turn answer" aria-labelledby={id} aria-busy={end === undefined} tabIndex={-1} data-focus-home="" data-run={snapshot.runId}>
      <h2 id={id} class={named ? "agent-name" : "unseen"}>
        {named ? <><span class="unseen">{end === undefined ? words.agentSays(agent) : words.agentSaid(agent)}</span><span aria-hidden="true">{agent}</span></> : end === undefined ? words.agentSays(agent) : words.agentSaid(agent)}
      </h2>
      {found.map((segment) => <Part key={segment.key} agent={agent} segment={segment} />)}
      {end === undefined && <Waiting last={found.at(-1)} />}
      {end !== undefined && (
        <>
          <Ending
            end={end}
            lostText={lostText}
            onRetry={answerable && end.retryable !== false ? () => { void talk.regenerate(snapshot); } : undefined}
            onGoOn={last ? () => { talk.goOn(snapshot); } : undefined}
          />
          <div class="actions" role="group" aria-label={words.actionsOfAnswer}>
            {items.some((item) => item.kind === "text") && <CopyButton label={words.copyMarkdown} text={() => markdownOf(run.getSnapshot().items)} />}
            {answerable && <IconButton small icon={RetryIcon} label={words.regenerate} onClick={() => { void talk.regenerate(snapshot); }} />}
            {end.messageId !== undefined && end.type === "completed" && <Feedback messageId={end.messageId} feedback={feedback} />}
            <About run={snapshot} end={end} />
            <time dateTime={end.at} data-tip={words.moment(end.at)}>{words.time(end.at)}</time>
          </div>
        </>
      )}
    </article>
  );
});

function Part({ agent, segment }: { readonly agent: string; readonly segment: Segment }) {
  switch (segment.kind) {
    case "text": return <Text part={segment.part} />;
    case "note": return <Note note={segment.note} />;
    case "work":
      return (
        <>
          <WorkFold items={segment.items} />
          <Approvals agent={agent} items={segment.items} />
        </>
      );
  }
}

const Text = memo(function Text({ part }: { readonly part: TextPart }) {
  return <Markdown text={part.text} done={part.done} />;
});

/** Three dots while nothing else shows that something goes on. */
function Waiting({ last }: { readonly last: Segment | undefined }) {
  const moving = last?.kind === "text" ? !last.part.done : last?.kind === "work" && last.items.some((item) => (item.kind === "thinking" ? !item.done : item.state === "running" || item.state === "awaiting_approval"));
  return moving ? null : <p class="dots" role="img" aria-label={words.working}><span /><span /><span /></p>;
}
