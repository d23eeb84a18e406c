import type { Chat } from "@chatbackend/client";
import { createContext, type ReactNode, useContext, useSyncExternalStore } from "react";

const Context = createContext<Chat | undefined>(undefined);

export interface ChatProviderProps {
  /** Made once by `createChat`, outside of the tree; undefined while a server renders the page. */
  readonly chat: Chat | undefined;
  /** Shown instead of the children while a server renders the page, and while the browser takes that over. */
  readonly fallback?: ReactNode;
  readonly children?: ReactNode;
}

const never = () => () => undefined;
const nothing = () => undefined;

/** Gives the hooks below it their chat. What it shows while a server renders is what the browser begins with, so that both agree. */
export function ChatProvider({ chat, fallback, children }: ChatProviderProps): ReactNode {
  const value = useSyncExternalStore(never, () => chat, nothing);
  return value ? <Context.Provider value={value}>{children}</Context.Provider> : fallback;
}

/** The chat of the `ChatProvider` above, for `search`, `reconnect`, `startSession` and the like. */
export function useChat(): Chat {
  const chat = useContext(Context);
  if (!chat) {
    throw new Error("The hooks of @chatbackend/react need a <ChatProvider> with a chat above them.");
  }
  return chat;
}
