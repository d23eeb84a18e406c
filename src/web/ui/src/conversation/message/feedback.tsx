import type { RunSnapshot } from "@chatbackend/client";
import { useRef, useState } from "preact/hooks";
import { Button, IconButton } from "../../kit/button.js";
import { ThumbDownIcon, ThumbUpIcon } from "../../kit/icons.js";
import { announce } from "../../kit/live.js";
import { conversation as words } from "../../text/conversation.js";
import { useTalk } from "../talk.js";
import { Popover } from "./popover.js";

/** Thumbs. The press counts at once; what is written afterwards is added to it. */
export function Feedback({ messageId, feedback }: { readonly messageId: string; readonly feedback: RunSnapshot["feedback"] }) {
  const talk = useTalk();
  const [asks, setAsks] = useState<"up" | "down">();
  const up = useRef<HTMLButtonElement>(null);
  const down = useRef<HTMLButtonElement>(null);

  const rate = async (rating: "up" | "down") => {
    const next = feedback?.rating === rating ? "none" : rating;
    if (await talk.attempt(talk.thread.feedback(messageId, next)) && next !== "none") {
      setAsks(rating);
    }
  };
  const note = async (text: string) => {
    const rating = asks;
    setAsks(undefined);
    (rating === "up" ? up : down).current?.focus();
    if (rating !== undefined && text.trim() !== "" && await talk.attempt(talk.thread.feedback(messageId, rating, text.trim()))) {
      announce(words.feedbackThanks);
    }
  };
  return (
    <>
      <IconButton small buttonRef={up} icon={ThumbUpIcon} label={words.goodAnswer} aria-pressed={feedback?.rating === "up"} onClick={() => { void rate("up"); }} />
      <IconButton small buttonRef={down} icon={ThumbDownIcon} label={words.badAnswer} aria-pressed={feedback?.rating === "down"} onClick={() => { void rate("down"); }} />
      {asks !== undefined && (
        <Popover label={asks === "up" ? words.feedbackTitleUp : words.feedbackTitle} anchor={asks === "up" ? up : down} onClose={() => { setAsks(undefined); }}>
          <Note title={asks === "up" ? words.feedbackTitleUp : words.feedbackTitle} given={feedback?.note ?? ""} onNote={(text) => { void note(text); }} />
        </Popover>
      )}
    </>
  );
}

function Note({ title, given, onNote }: { readonly title: string; readonly given: string; readonly onNote: (text: string) => void }) {
  const [text, setText] = useState(given);
  return (
    <form class="feedback-note" onSubmit={(event) => { event.preventDefault(); onNote(text); }}>
      <h3>{title}</h3>
      <textarea class="field" rows={3} aria-label={words.feedbackNote} placeholder={words.feedbackNote} value={text} onInput={(event) => { setText(event.currentTarget.value); }} />
      <div class="buttons">
        <Button small type="submit" kind="primary">{words.feedbackSend}</Button>
      </div>
    </form>
  );
}
