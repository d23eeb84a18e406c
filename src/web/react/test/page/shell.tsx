import type { Chat } from "@chatbackend/client";
import { ChatProvider, useConnection } from "@chatbackend/react";

export interface Seen {
  readonly renders: Record<string, number>;
  /** What a conversation was asked to show, and what it showed. */
  readonly shown: (readonly [which: string | undefined, threadId: string | undefined, messages: string])[];
  sent?: string[];
}

function State() {
  return <p role="status">{useConnection().state}</p>;
}

/** A page of which a server renders what it can. */
export function Shell({ chat }: { readonly chat: Chat | undefined }) {
  return (
    <main>
      <h1>Support</h1>
      <ChatProvider chat={chat} fallback={<p role="status">One moment</p>}>
        <State />
      </ChatProvider>
    </main>
  );
}
