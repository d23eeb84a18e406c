import { createChat, type Run } from "@chatbackend/client";
import { ChatProvider, useConnection, useOutbox, useRun, useSend, useThread, useThreads } from "@chatbackend/react";
import { memo, StrictMode, useEffect, useState } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
import { type Seen, Shell } from "./shell.js";

declare global {
  interface Window {
    readonly seen: Seen;
  }
}

const seen: Seen = { renders: {}, shown: [] };
Object.assign(window, { seen });

/** How often what has this name was rendered and put into the page. */
function useCount(name: string) {
  useEffect(() => {
    seen.renders[name] = (seen.renders[name] ?? 0) + 1;
  });
}

const Answer = memo(function Answer({ run }: { readonly run: Run }) {
  const { items, end } = useRun(run);
  useCount(run.runId);
  return (
    <p aria-label={run.runId}>
      {items.map((item) => (item.kind === "text" ? item.text : ""))} {end?.type}
    </p>
  );
});

function Conversation({ which }: { readonly which: string | undefined }) {
  const [{ threadId, state, entries, run }, thread] = useThread(which);
  const open = useRun(run);
  const { send, pending, error } = useSend(thread);
  useEffect(() => {
    seen.shown.push([which, threadId, entries.flatMap((entry) => (entry.kind === "message" ? entry.content : [])).join()]);
  });
  return (
    <section aria-label="Conversation">
      <h1>{threadId ?? "New chat"}</h1>
      <p role="status">{[state, pending ? "sending" : "", error?.code, open ? "answering" : ""].join(" ")}</p>
      {entries.map((entry) =>
        entry.kind === "run" ? <Answer key={entry.key} run={entry} /> : entry.kind === "message" ? <p key={entry.key}>{`${entry.content} (${entry.state})`}</p> : null,
      )}
      <button onClick={() => void send("Hello")}>Send</button>
    </section>
  );
}

function Transcript({ which }: { readonly which: string }) {
  const [{ entries }] = useThread(which);
  useCount("transcript");
  return entries.map((entry) => (entry.kind === "run" ? <Answer key={entry.key} run={entry} /> : null));
}

function Chats() {
  const [{ threads, state }] = useThreads();
  return (
    <ul aria-label="Chats" aria-busy={state === "loading"}>
      {threads.map(({ threadId, title }) => (
        <li key={threadId}>{title}</li>
      ))}
    </ul>
  );
}

function Facts() {
  const { state, userId } = useConnection();
  const outbox = useOutbox();
  return <p aria-label="Connection">{`${state} ${userId ?? ""} ${outbox.length} unsent`}</p>;
}

function App() {
  const [shown, show] = useState<string>("nothing");
  const id = shown === "new" ? undefined : shown;
  return (
    <>
      {["nothing", "new", "thr_1", "thr_2", "thr_3", "pair", "transcript", "chats", "facts"].map((name) => (
        <button key={name} onClick={() => { show(name); }}>{`Show ${name}`}</button>
      ))}
      {shown === "chats" && <Chats />}
      {shown === "facts" && <Facts />}
      {shown === "transcript" && <Transcript which="thr_1" />}
      {shown === "pair" && [<Conversation key="left" which={undefined} />, <Conversation key="right" which={undefined} />]}
      {(shown === "new" || shown.startsWith("thr_")) && <Conversation which={id} />}
    </>
  );
}

const chat = createChat({ storage: "memory" });
chat.tap(({ direction, frame }) => {
  if (direction === "sent" && frame["type"] !== "ping") {
    (seen.sent ??= []).push([frame["type"], frame["thread_id"]].join(" ").trim());
  }
});
const root = document.getElementById("root") as HTMLElement;
if (root.hasChildNodes()) {
  hydrateRoot(root, <Shell chat={chat} />, { onRecoverableError: (error) => { console.error(error); } });
} else {
  const app = <ChatProvider chat={chat}><App /></ChatProvider>;
  createRoot(root).render(location.search === "?strict" ? <StrictMode>{app}</StrictMode> : app);
}
