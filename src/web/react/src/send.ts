import { type Ack, ChatError, type ChatErrorInfo, type SendOptions, type Thread } from "@chatbackend/client";
import { useCallback, useState } from "react";

export interface Sending {
  /** As `thread.send`, but does not reject: gives undefined for a message that was refused, and `error` says why. */
  readonly send: (content: string, options?: SendOptions) => Promise<Ack | undefined>;
  /** Something that was sent from here to this thread is not acknowledged yet. */
  readonly pending: boolean;
  /** Why the last of them was refused; it also stands in the thread, as a message that `failed`. */
  readonly error: ChatErrorInfo | undefined;
}

interface State {
  readonly pending: number;
  readonly error: ChatErrorInfo | undefined;
}

const idle: State = { pending: 0, error: undefined };

/** Sends to a thread, which is what `useThread` gives. */
export function useSend(thread: Thread): Sending {
  const [states, setStates] = useState<ReadonlyMap<Thread, State>>(new Map());
  const { pending, error } = states.get(thread) ?? idle;
  const send = useCallback(
    async (content: string, options?: SendOptions) => {
      const change = (by: number, why?: ChatErrorInfo) => {
        setStates((old) => new Map(old).set(thread, { pending: (old.get(thread) ?? idle).pending + by, error: why }));
      };
      let refusal: ChatError | undefined;
      change(1);
      try {
        return await thread.send(content, options);
      } catch (failure) {
        if (!(failure instanceof ChatError)) {
          throw failure;
        }
        refusal = failure;
        return undefined;
      } finally {
        change(-1, refusal);
      }
    },
    [thread],
  );
  return { send, pending: pending > 0, error };
}
