import type { Message } from "@chatbackend/client";
import { IconButton } from "../../kit/button.js";
import { CloseIcon, SpinnerIcon } from "../../kit/icons.js";
import { announce } from "../../kit/live.js";
import { conversation as words } from "../../text/conversation.js";
import { useTalk } from "../talk.js";

export interface WaitingProps {
  readonly messages: readonly Message[];
  /** The text of a message that was taken back. */
  readonly onTakenBack: (content: string) => void;
}

/** Messages that wait for the open run, in the order in which they are answered. */
export function Waiting({ messages, onTakenBack }: WaitingProps) {
  const talk = useTalk();
  const takeBack = async (messageId: string, content: string) => {
    if (await talk.attempt(talk.thread.takeBack(messageId))) {
      onTakenBack(content);
      announce(words.saysTakenBack);
    }
  };
  return messages.length === 0
    ? null
    : (
      <ul class="waiting" role="list" aria-label={words.waiting}>
        {messages.map(({ key, messageId, content, whenRunning }) => (
          <li key={key}>
            <span class="waiting-how">{words.waits[whenRunning ?? "queue"]}</span>
            <span class="waiting-text" dir="auto">{content}</span>
            {messageId === undefined
              ? <SpinnerIcon label={words.sending} />
              : <IconButton small icon={CloseIcon} label={words.takeBack} onClick={() => { void takeBack(messageId, content); }} />}
          </li>
        ))}
      </ul>
    );
}
