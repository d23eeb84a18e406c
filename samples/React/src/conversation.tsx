import type { Message, Thread } from "@chatbackend/client";
import { useSend, useThread } from "@chatbackend/react";
import type { SubmitEvent } from "react";
import { Answer } from "./answer.js";

/** A thread with what is written to it; without an id a new one. */
export function Conversation({ threadId }: { readonly threadId: string | undefined }) {
  const [{ state, entries, hasEarlier, run }, thread] = useThread(threadId);
  return (
    <>
      {/* Laid out from its end (column-reverse), so that it stays there while the answer grows. */}
      <div className="transcript" tabIndex={0} role="region" aria-label="Conversation">
        <div>
          {hasEarlier && <button onClick={() => void thread.loadEarlier()}>Earlier messages</button>}
          {state === "not_found" || state === "deleted" ? <p>This chat does not exist.</p> : null}
          {entries.map((entry) => {
            switch (entry.kind) {
              case "message":
                return <Question key={entry.key} message={entry} thread={thread} />;
              case "run":
                return <Answer key={entry.key} run={entry} thread={thread} />;
              default:
                return null;
            }
          })}
        </div>
      </div>
      <Composer thread={thread} running={run !== undefined} isNew={!threadId} />
    </>
  );
}

function Question({ message, thread }: { readonly message: Message; readonly thread: Thread }) {
  const { state, content, clientId, error } = message;
  return (
    <div className="question">
      <p dir="auto">{content}</p>
      {state === "pending" && <small>Sending …</small>}
      {state === "queued" && <small>Waits for the answer before it</small>}
      {state === "failed" && clientId && (
        <small role="alert">
          {error?.message} <button onClick={() => void thread.retry(clientId).catch(() => undefined)}>Send again</button>
          <button onClick={() => void thread.discard(clientId)}>Discard</button>
        </small>
      )}
    </div>
  );
}

function Composer({ thread, running, isNew }: { readonly thread: Thread; readonly running: boolean; readonly isNew: boolean }) {
  const { send, pending } = useSend(thread);
  const submit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const text = (new FormData(form).get("message") as string).trim();
    if (text === "") {
      return;
    }
    form.reset();
    const ack = await send(text);
    // The thread has its id now, and the page an address; unless somebody went elsewhere meanwhile.
    if (isNew && ack?.threadId && location.hash.length <= 1) {
      location.replace(`#${ack.threadId}`);
    }
  };
  return (
    <form aria-label="Message" onSubmit={(event) => void submit(event)}>
      <input name="message" aria-label="Message" placeholder="Write a message" autoComplete="off" dir="auto" />
      {running ? (
        <button type="button" onClick={() => void thread.stop().catch(() => undefined)}>
          Stop
        </button>
      ) : (
        <button aria-busy={pending}>Send</button>
      )}
    </form>
  );
}
