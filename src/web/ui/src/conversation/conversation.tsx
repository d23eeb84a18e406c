import "./conversation.css";
import type { Chat, Entry, Thread, ThreadSnapshot } from "@chatbackend/client";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { Button, IconButton } from "../kit/button.js";
import { ArrowDownIcon, CloseIcon, SpinnerIcon } from "../kit/icons.js";
import { useObservable } from "../kit/useObservable.js";
import { navigate } from "../shell/route.js";
import { settings } from "../shell/settings/store.js";
import { conversation as words } from "../text/conversation.js";
import { useAnnouncements } from "./announcements.js";
import { Composer } from "./composer/composer.js";
import { isComposing } from "./composer/keys.js";
import { useDraft } from "./composer/useDraft.js";
import { Gone, Hero, Offline, Skeleton, Suggestions } from "./states.js";
import { Talk, TalkProvider } from "./talk.js";
import { arrange, type Turn } from "./transcript/arrange.js";
import { Transcript } from "./transcript/transcript.js";
import { Pages } from "./transcript/pages.js";
import { Reel } from "./transcript/reel.js";
import { useJump } from "./transcript/useJump.js";
import { usePrint } from "./transcript/usePrint.js";
import { extent } from "./transcript/window.js";

export interface ConversationProps {
  readonly chat: Chat;
  readonly thread: Thread;
  /** The event to be shown, after a hit of a search. */
  readonly seq?: number | undefined;
  /** Another number shows the same event again. */
  readonly visit?: number;
}

/** One thread and where the next message is written. */
export function Conversation(props: ConversationProps) {
  return <OneThread key={keyOf(props.thread)} {...props} />;
}

function OneThread({ chat, thread, seq, visit = 0 }: ConversationProps) {
  const sendKey = useObservable(settings, (all) => all.sendKey);
  const snapshot = useObservable(thread);
  const agents = useObservable(chat.connection, (connection) => connection.agents);
  const connected = useObservable(chat.connection, (connection) => connection.state === "open" || connection.state === "connecting");
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const { talk, pages, reel } = useMemo(() => partsOf(chat, thread), [chat, thread]);
  const { shown: entries, waiting } = useMemo(() => arrange(snapshot), [snapshot]);
  const { window, following, left } = useObservable(reel);
  const { from, to } = extent(entries, window);
  const draft = useDraft(chat, snapshot);
  const state = stateOf(snapshot, connected);
  const isGone = state === "deleted" || state === "not_found";
  const agent = agents.find(({ agent: name }) => name === (draft.agent ?? snapshot.agent)) ?? agents[0];

  useEffect(() => thread.open(), [thread]);
  useAnnouncements(thread);
  useJump(seq, visit, thread, reel, pages);
  usePrint(reel, pages);
  useRead(thread, snapshot, following);
  useLayoutEffect(() => (box.current === null || content.current === null ? undefined : reel.attach(box.current, content.current)), [reel]);
  useLayoutEffect(() => { reel.rendered(entries); });

  const editLast = () => {
    const last = snapshot.entries.findLast((entry) => entry.kind === "message" && entry.state === "sent");
    if (last?.kind === "message" && last.messageId !== undefined) {
      talk.editing.set(last.messageId);
    }
  };
  const keyed = (event: KeyboardEvent) => {
    if (event.key === "Escape" && !event.defaultPrevented && !isComposing(event) && snapshot.run !== undefined) {
      event.preventDefault();
      void talk.stop();
    }
  };
  return (
    <TalkProvider value={talk}>
      <section class="conversation" aria-label={words.region} data-state={state} data-focus-home=".composer textarea" onKeyDown={keyed}>
        <div ref={box} class="scroller" role="region" aria-label={words.messages} tabIndex={0} hidden={state === "empty"}>
          {state === "loading" && <Skeleton />}
          {state === "offline" && <Offline />}
          {isGone && <Gone state={state} onNewChat={() => { navigate({}); }} />}
          <Transcript
            contentRef={content}
            snapshot={snapshot}
            entries={state === "shown" ? entries.slice(from, to) : isGone ? entries.filter(isUnsent) : []}
            beginsLater={from > 0}
            last={entries.at(-1)}
            pages={pages}
            sendKey={sendKey}
          />
        </div>
        {state === "empty" && <Hero agent={agent} />}
        {state !== "not_found" && (
          <Composer
            snapshot={snapshot}
            draft={draft}
            waiting={waiting}
            sendKey={sendKey}
            gone={state === "deleted"}
            onEditLast={editLast}
            strip={<Strip talk={talk} catchingUp={snapshot.state === "catching_up"} following={following || state !== "shown"} news={newsOf(entries, left)} />}
          />
        )}
        {state === "empty" && (
          <Suggestions agent={agent} onSelect={(suggestion) => { void talk.send(suggestion, agent === undefined ? {} : { agent: agent.agent }); }} />
        )}
      </section>
    </TalkProvider>
  );
}

/** Of a thread that is gone this is left: it is nowhere else. */
function isUnsent(entry: Turn): boolean {
  return entry.kind === "message" && (entry.state === "pending" || entry.state === "failed");
}

interface StripProps {
  readonly talk: Talk;
  readonly catchingUp: boolean;
  readonly following: boolean;
  readonly news: number;
}

/** The row between transcript and composer, in which nothing covers text. */
function Strip({ talk, catchingUp, following, news }: StripProps) {
  const problem = useObservable(talk.problem);
  return (
    <>
      {problem !== ""
        ? (
          <p class="strip-problem">
            <span>{problem}</span>
            <IconButton small icon={CloseIcon} label={words.dismiss} onClick={() => { talk.problem.set(""); }} />
          </p>
        )
        : catchingUp && <p class="strip-state"><SpinnerIcon />{words.catchingUp}</p>}
      {!following && (
        <Button small class="latest" icon={ArrowDownIcon} onClick={() => { talk.follow(); }}>
          {news === 0 ? words.latest : `${words.latest} · ${words.latestNew(news)}`}
        </Button>
      )}
    </>
  );
}

type State = "empty" | "loading" | "offline" | "shown" | "not_found" | "deleted";

function stateOf({ state, entries, hasEarlier }: ThreadSnapshot, connected: boolean): State {
  if (state === "not_found" || state === "deleted") {
    return state;
  }

  if (entries.length > 0) {
    return "shown";
  }

  switch (state) {
    case "offline": return "offline";
    case "loading": return connected ? "loading" : "offline";
    case "catching_up": return "loading";
    default: return hasEarlier ? "loading" : "empty";
  }
}

function partsOf(chat: Chat, thread: Thread) {
  const pages = new Pages(thread);
  const reel = new Reel(pages);
  return { pages, reel, talk: new Talk(chat, thread, () => { reel.follow(); }) };
}

/** How many entries came after the one that was the last when the reader left the end. */
function newsOf(entries: readonly Entry[], left: string | undefined): number {
  const seen = left === undefined ? -1 : entries.findLastIndex(({ key }) => key === left);
  return seen < 0 ? 0 : entries.length - 1 - seen;
}

/** What is at the end of a page that is looked at is read. */
function useRead(thread: Thread, snapshot: ThreadSnapshot, following: boolean): void {
  useLayoutEffect(() => {
    const read = () => {
      if (following && snapshot.state === "live" && document.visibilityState === "visible") {
        thread.markRead();
      }
    };
    read();
    document.addEventListener("visibilitychange", read);
    return () => { document.removeEventListener("visibilitychange", read); };
  }, [thread, snapshot, following]);
}

let threads = 0;
const keys = new WeakMap<Thread, number>();

function keyOf(thread: Thread): number {
  const key = keys.get(thread) ?? ++threads;
  keys.set(thread, key);
  return key;
}
