import type { Message } from "@chatbackend/client";
import { useId } from "preact/hooks";
import { PlainText } from "../../content/plain-text.js";
import { Button, IconButton } from "../../kit/button.js";
import { ClockIcon, EditIcon, RetryIcon, TrashIcon, WarningIcon } from "../../kit/icons.js";
import { useObservable } from "../../kit/useObservable.js";
import { conversation as words } from "../../text/conversation.js";
import { between, useNow } from "../clock.js";
import type { SendKey } from "../composer/keys.js";
import { memo } from "../memo.js";
import { useTalk } from "../talk.js";
import { Branches } from "./branches.js";
import { CopyButton } from "./copy.js";
import { Editor } from "./editor.js";

export interface MessageProps {
  readonly message: Message;
  readonly editing: boolean;
  readonly sendKey: SendKey;
}

/** A message of the person who reads: a soft bubble, and below it what can be done with it. */
export const OwnMessage = memo(function OwnMessage({ message, editing, sendKey }: MessageProps) {
  const talk = useTalk();
  const id = useId();
  return (
    <article class="turn own" aria-labelledby={id} tabIndex={-1} data-focus-home="" data-state={message.state}>
      <h2 id={id} class="unseen">{words.youSaid}</h2>
      {editing
        ? <Editor message={message} sendKey={sendKey} />
        : (
          <>
            <div class="bubble" dir="auto"><PlainText text={message.content} /></div>
            {message.state === "failed" && <Failed message={message} />}
            {message.state === "pending" && <Pending />}
            {message.state === "sent" && (
              <div class="actions" role="group" aria-label={words.actionsOfYours}>
                <time dateTime={message.at} data-tip={words.moment(message.at)}>{words.time(message.at)}</time>
                <CopyButton label={words.copy} text={() => message.content} />
                {message.messageId !== undefined && (
                  <IconButton small icon={EditIcon} label={words.edit} data-edit="" onClick={() => { talk.editing.set(message.messageId); }} />
                )}
                {message.branch !== undefined && <Branches branch={message.branch} />}
              </div>
            )}
          </>
        )}
    </article>
  );
});

function Pending() {
  const connected = useObservable(useTalk().chat.connection, ({ state }) => state === "open");
  return (
    <p class="delivery"><ClockIcon />{connected ? words.sending : words.waitsForConnection}</p>
  );
}

function Failed({ message }: { readonly message: Message }) {
  const talk = useTalk();
  const { clientId, error } = message;
  const wait = error?.retryAfterMs ?? 0;
  const now = useNow(wait > 0);
  const left = wait - between(message.at, now);
  return (
    <div class="delivery failed" role="group" aria-label={words.notSent(error?.message ?? "")}>
      <p><WarningIcon />{words.notSent(error?.message ?? "")}</p>
      {clientId !== undefined && (
        <div class="buttons">
          <Button small icon={RetryIcon} disabled={left > 0} onClick={() => { void talk.attempt(talk.thread.retry(clientId)); }}>
            {left > 0 ? words.retryIn(words.countdown(left)) : words.retry}
          </Button>
          <Button small kind="quiet" icon={TrashIcon} onClick={() => { void talk.attempt(talk.thread.discard(clientId)); }}>{words.discard}</Button>
        </div>
      )}
    </div>
  );
}
