import type { Chat } from "@chatbackend/client";
import { useEffect, useRef } from "preact/hooks";
import { useObservable } from "../kit/useObservable.js";
import { useStable } from "../kit/useStable.js";

/** Calls when somebody else is signed in now, here or in another tab: what was shown is not theirs. */
export function useOtherUser(chat: Chat, changed: () => void): void {
  const userId = useObservable(chat.connection, (connection) => connection.userId);
  const knownRef = useRef<string | undefined>(undefined);
  const call = useStable(changed);
  useEffect(() => {
    if (userId !== undefined && knownRef.current !== undefined && knownRef.current !== userId) {
      call();
    }
    knownRef.current = userId ?? knownRef.current;
  }, [userId, call]);
}
