import type { RunNote } from "@chatbackend/client";
import { PlainText } from "../../content/plain-text.js";
import { InfoIcon } from "../../kit/icons.js";
import { useObservable } from "../../kit/useObservable.js";
import { conversation as words } from "../../text/conversation.js";
import { memo } from "../memo.js";
import { useTalk } from "../talk.js";
import { Fold } from "./fold.js";

/** What happened to a run on its way, said quietly. */
export const Note = memo(function Note({ note }: { readonly note: RunNote }) {
  switch (note.kind) {
    case "fallback": return <p class="note"><InfoIcon />{words.fallback(note.agent)}</p>;
    case "steered": return <Steered messageId={note.messageId} />;
    case "trimmed": {
      const { summary, exchanges, results } = note;
      return (
        <div class="note">
          <InfoIcon />
          <div>
            <p>{words.trimmed(exchanges, results)}</p>
            {summary !== undefined && <Fold summary={words.trimmedSummary}>{() => <p dir="auto">{summary}</p>}</Fold>}
          </div>
        </div>
      );
    }
  }
});

/** A message that joined the run stands where the agent saw it. */
function Steered({ messageId }: { readonly messageId: string }) {
  const content = useObservable(useTalk().thread, ({ entries }) => {
    const message = entries.find((entry) => entry.kind === "message" && entry.messageId === messageId);
    return message?.kind === "message" ? message.content : undefined;
  });
  return content === undefined
    ? null
    : (
      <div class="steered" role="group" aria-label={words.steered}>
        <p class="steered-by">{words.steered}</p>
        <div class="bubble" dir="auto"><PlainText text={content} /></div>
      </div>
    );
}
