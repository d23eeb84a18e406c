import type { Chat, ThreadSnapshot } from "@chatbackend/client";
import { useState } from "preact/hooks";
import { type Draft, useDrafts } from "./drafts.js";

export interface EditedDraft {
  readonly text: string;
  /** Who was chosen and has not been asked anything yet. */
  readonly agent: string | undefined;
  readonly write: (draft: { readonly text?: string; readonly agent?: string }) => void;
}

/** What is being written in this thread. It is stored with each key, and goes along when a new thread gets its id. */
export function useDraft(chat: Chat, { threadId = "new", agent }: ThreadSnapshot): EditedDraft {
  const drafts = useDrafts(chat);
  const [draft, setDraft] = useState<Draft>(() => drafts.read(threadId));
  const [home, setHome] = useState({ drafts, threadId });

  // What was written before it was known who writes, or in which thread, goes along; without any, what they had begun earlier is there again.
  if (home.drafts !== drafts || home.threadId !== threadId) {
    home.drafts.write(home.threadId, { text: "" });
    const next = draft.text === "" && draft.agent === undefined ? drafts.read(threadId) : draft;
    drafts.write(threadId, next);
    setHome({ drafts, threadId });
    setDraft(next);
  }

  const chosen = draft.agent === agent ? undefined : draft.agent;
  return {
    text: draft.text,
    agent: chosen,
    write: ({ text = draft.text, agent: nextAgent = chosen }) => {
      const next = nextAgent === undefined ? { text } : { text, agent: nextAgent };
      setDraft(next);
      drafts.write(threadId, next);
    },
  };
}
