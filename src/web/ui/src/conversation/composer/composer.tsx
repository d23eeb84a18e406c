import type { Message, SendOptions, ThreadSnapshot } from "@chatbackend/client";
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useObservable } from "../../kit/useObservable.js";
import { conversation as words } from "../../text/conversation.js";
import { useTalk } from "../talk.js";
import { AgentMenu } from "./agent.js";
import { fitHeight, isComposing, isSendKey, type SendKey } from "./keys.js";
import { SendButtons } from "./send.js";
import { bytesLeft } from "./size.js";
import type { EditedDraft } from "./useDraft.js";
import { Waiting } from "./waiting.js";

export interface ComposerProps {
  readonly snapshot: ThreadSnapshot;
  readonly draft: EditedDraft;
  readonly waiting: readonly Message[];
  readonly sendKey: SendKey;
  /** A thread that is gone takes no message. */
  readonly gone: boolean;
  /** ↑ in an empty field. */
  readonly onEditLast: () => void;
  /** Above the field, in a row that is always there, so that nothing jumps when it is used. */
  readonly strip: ComponentChildren;
}

export function Composer({ snapshot, draft, waiting, sendKey, gone, onEditLast, strip }: ComposerProps) {
  const talk = useTalk();
  const id = useId();
  const { agents, limits, state } = useObservable(talk.chat.connection);
  const field = useRef<HTMLTextAreaElement>(null);
  const [stopping, setStopping] = useState<string>();
  const { text, write } = draft;
  const { run } = snapshot;
  const agent = draft.agent ?? snapshot.agent ?? agents[0]?.agent;
  const hasText = text.trim() !== "";
  const left = bytesLeft(text, limits?.["max_message_bytes"]);
  const obstacle = gone ? words.unavailable : state === "closed" ? words.closed : left !== undefined && left < 0 ? words.tooLong(-left) : hasText ? undefined : words.emptyMessage;

  useLayoutEffect(() => { fitHeight(field.current); }, [text]);
  useLayoutEffect(() => {
    // A field that takes the focus brings up the keyboard of a phone, over what one came to read.
    if (!matchMedia("(pointer: coarse)").matches) {
      field.current?.focus();
    }
  }, []);

  const send = (whenRunning: SendOptions["whenRunning"]) => {
    if (obstacle !== undefined) {
      field.current?.focus();
      return;
    }

    write({ text: "" });
    void talk.send(text, { ...(agent === undefined ? {} : { agent }), ...(run === undefined || whenRunning === undefined ? {} : { whenRunning }) });
    field.current?.focus();
  };
  const stop = () => {
    if (run !== undefined && stopping !== run.runId) {
      setStopping(run.runId);
      void talk.stop().finally(() => { setStopping(undefined); });
    }
  };
  const keyed = (event: KeyboardEvent) => {
    if (isSendKey(event, sendKey)) {
      event.preventDefault();
      send("queue");
    } else if (event.key === "ArrowUp" && text === "" && !isComposing(event)) {
      event.preventDefault();
      onEditLast();
    }
  };
  return (
    <form
      class="composer no-print"
      aria-label={words.composer}
      data-focus-home="textarea"
      onSubmit={(event) => {
        event.preventDefault();
        send("queue");
      }}
    >
      <div class="strip">{strip}</div>
      <Waiting
        messages={waiting}
        onTakenBack={(content) => {
          write({ text: hasText ? `${content}\n\n${text}` : content });
          field.current?.focus();
        }}
      />
      <div class="composer-box" onClick={(event) => { if (event.target === event.currentTarget) { field.current?.focus(); } }}>
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          aria-label={words.composer}
          {...(left === undefined ? {} : { "aria-describedby": id, "aria-invalid": left < 0 })}
          placeholder={run !== undefined ? words.placeholderBusy : agent === undefined ? words.placeholderNone : words.placeholder(agent)}
          enterkeyhint={sendKey === "enter" ? "send" : "enter"}
          autoComplete="off"
          value={text}
          onInput={(event) => { write({ text: event.currentTarget.value }); }}
          onKeyDown={keyed}
        />
        <div class="composer-tools">
          <AgentMenu agents={agents} chosen={agent} onChoose={(chosen) => { write({ agent: chosen }); }} />
          {left !== undefined && <output id={id} class={left < 0 ? "left bad" : "left"}>{left < 0 ? words.tooLong(-left) : words.left(left)}</output>}
        </div>
        <SendButtons
          busy={run !== undefined && !gone}
          stopping={run !== undefined && stopping === run.runId}
          hasText={hasText}
          obstacle={obstacle}
          sendKey={sendKey}
          onStop={stop}
          onSend={send}
        />
      </div>
    </form>
  );
}
