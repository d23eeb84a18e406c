import type { ThreadSnapshot } from "@chatbackend/client";
import type { Ref } from "preact";
import { Button } from "../../kit/button.js";
import { InfoIcon, RetryIcon } from "../../kit/icons.js";
import { useObservable } from "../../kit/useObservable.js";
import { conversation as words } from "../../text/conversation.js";
import { useNow } from "../clock.js";
import type { SendKey } from "../composer/keys.js";
import { memo } from "../memo.js";
import { OwnMessage } from "../message/message.js";
import { Answer } from "../run/answer.js";
import { useTalk } from "../talk.js";
import type { Turn } from "./arrange.js";
import type { Pages } from "./pages.js";

export interface TranscriptProps {
  readonly snapshot: ThreadSnapshot;
  readonly entries: readonly Turn[];
  /** Entries before the first of these are loaded, and shown when the reader comes near. */
  readonly beginsLater: boolean;
  /** The last one of the thread. */
  readonly last: Turn | undefined;
  readonly pages: Pages;
  readonly sendKey: SendKey;
  readonly contentRef: Ref<HTMLDivElement>;
}

/** What was said, as far as it is in the page. */
export function Transcript({ snapshot, entries, beginsLater, last, pages, sendKey, contentRef }: TranscriptProps) {
  const talk = useTalk();
  const editing = useObservable(talk.editing);
  const named = useObservable(talk.chat.connection, ({ agents }) => agents.length > 1);
  return (
    <div ref={contentRef} class="transcript">
      {(beginsLater || snapshot.hasEarlier) && <Begin pages={pages} onPaper={snapshot.hasEarlier} />}
      {snapshot.notice !== undefined && <p class="between" data-passing=""><InfoIcon />{snapshot.notice === "restored" ? words.restored : words.historyExpired}</p>}
      {entries.map((entry, index) => (
        <div class="entry" key={entry.key} data-key={entry.key}>
          {entry.kind === "message" && <Day at={entry.at} before={timeOf(entries, index - 1)} />}
          <EntryView
            entry={entry}
            named={named}
            last={entry === last}
            editing={entry.kind === "message" && editing !== undefined && entry.messageId === editing}
            sendKey={sendKey}
          />
        </div>
      ))}
    </div>
  );
}

interface EntryProps {
  readonly entry: Turn;
  readonly named: boolean;
  readonly last: boolean;
  readonly editing: boolean;
  readonly sendKey: SendKey;
}

const EntryView = memo(function EntryView({ entry, named, last, editing, sendKey }: EntryProps) {
  return entry.kind === "message"
    ? <OwnMessage message={entry} editing={editing} sendKey={sendKey} />
    : <Answer run={entry} named={named} last={last} />;
});

/** A line where another day begins. */
function Day({ at, before }: { readonly at: string; readonly before: string | undefined }) {
  const now = useNow(false);
  const day = words.day(at, now);
  return before !== undefined && words.day(before, now) === day ? null : <p class="day" data-passing=""><time dateTime={at}>{day}</time></p>;
}

function timeOf(entries: readonly Turn[], index: number): string | undefined {
  const entry = entries[index];
  return entry === undefined ? undefined : entry.kind === "run" ? entry.getSnapshot().startedAt : entry.at;
}

function Begin({ pages, onPaper }: { readonly pages: Pages; readonly onPaper: boolean }) {
  const failed = useObservable(pages);
  return failed === undefined
    ? (
      <>
        <p class="between no-print" data-passing="">{words.earlier}</p>
        {onPaper && <p class="between only-print" data-passing="">{words.notPrinted}</p>}
      </>
    )
    : (
      <div class="between" role="alert" data-passing="">
        <p>{words.earlierFailed}</p>
        <Button small icon={RetryIcon} onClick={() => { pages.retry(); }}>{words.retry}</Button>
      </div>
    );
}
