import type { Message } from "@chatbackend/client";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button } from "../../kit/button.js";
import { announce } from "../../kit/live.js";
import { conversation as words } from "../../text/conversation.js";
import { useDrafts } from "../composer/drafts.js";
import { fitHeight, isSendKey, type SendKey } from "../composer/keys.js";
import { useTalk } from "../talk.js";

/** A message of one's own while it is edited, in its place. What was changed is kept over a reload. */
export function Editor({ message, sendKey }: { readonly message: Message; readonly sendKey: SendKey }) {
  const talk = useTalk();
  const drafts = useDrafts(talk.chat);
  const of = message.messageId ?? message.key;
  const [text, setText] = useState(() => drafts.read(of).text || message.content);
  const field = useRef<HTMLTextAreaElement>(null);

  useLayoutEffect(() => {
    const element = field.current;
    element?.focus();
    element?.setSelectionRange(element.value.length, element.value.length);
  }, []);
  useLayoutEffect(() => { fitHeight(field.current); }, [text]);

  const write = (value: string) => {
    setText(value);
    drafts.write(of, { text: value === message.content ? "" : value });
  };
  const cancel = () => {
    drafts.write(of, { text: "" });
    talk.editing.set(undefined);
    announce(words.saysEditCancelled);
  };
  const send = () => {
    if (text.trim() !== "") {
      drafts.write(of, { text: "" });
      talk.edit(message, text);
    }
  };
  return (
    <form class="editor" onSubmit={(event) => { event.preventDefault(); send(); }}>
      <textarea
        ref={field}
        aria-label={words.editing}
        dir="auto"
        rows={1}
        value={text}
        onInput={(event) => { write(event.currentTarget.value); }}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            event.preventDefault();
            event.stopPropagation();
            cancel();
          } else if (isSendKey(event, sendKey)) {
            event.preventDefault();
            send();
          }
        }}
      />
      <p class="hint">{words.editHint}</p>
      <div class="buttons">
        <Button onClick={cancel}>{words.cancel}</Button>
        <Button type="submit" kind="primary" disabled={text.trim() === ""}>{words.editSend}</Button>
      </div>
    </form>
  );
}
