import type { Chat, Message, RunSnapshot, SendOptions, Thread } from "@chatbackend/client";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { announce } from "../kit/live.js";
import { conversation as words } from "../text/conversation.js";
import { Value } from "./value.js";

/** What the parts of a conversation do to its thread. One for each thread that is shown; it never changes, so that nothing is rendered for its sake. */
export class Talk {
  /** What could not be done, until it is read. What a message or an approval says itself is not said here again. */
  readonly problem = new Value("");
  /** `messageId` of the message of one's own that is being edited. */
  readonly editing = new Value<string | undefined>(undefined);
  private readonly regenerating = new Set<string>();

  /** `follow`: the reader wants to see what comes of it. */
  constructor(
    readonly chat: Chat,
    readonly thread: Thread,
    readonly follow: () => void,
  ) {}

  /** Resolves when it is acknowledged or refused. */
  async send(content: string, options: SendOptions): Promise<void> {
    this.problem.set("");
    this.follow();
    // A message that was refused stays in the transcript and says so itself.
    await this.thread.send(content, options).catch(() => undefined);
  }

  /** Makes the answer again; once, however often it is pressed before the server has heard of it. */
  async regenerate(run: RunSnapshot): Promise<void> {
    const message = this.messageOf(run);
    const replaces = message?.messageId;
    if (message === undefined || replaces === undefined || this.regenerating.has(replaces)) {
      return;
    }
    this.regenerating.add(replaces);
    await this.send(message.content, { agent: run.agent, replaces, whenRunning: "interrupt" });
    this.regenerating.delete(replaces);
  }

  edit(message: Message, content: string): void {
    this.editing.set(undefined);
    if (message.messageId !== undefined) {
      void this.send(content, { replaces: message.messageId, whenRunning: "interrupt", ...(message.agent === undefined ? {} : { agent: message.agent }) });
    }
  }

  goOn(run: RunSnapshot): void {
    void this.send(words.goOnMessage, { agent: run.agent });
  }

  /** Ends the open run. One that has ended meanwhile needs no word. */
  async stop(): Promise<void> {
    const stopped = this.thread.stop().catch((error: unknown) => {
      if (codeOf(error) !== "no_such_run") {
        throw error;
      }
    });
    await this.attempt(stopped);
  }

  messageOf(run: RunSnapshot): Message | undefined {
    return this.thread.getSnapshot().entries.findLast((entry): entry is Message => entry.kind === "message" && entry.messageId === run.answers);
  }

  /** Says what went wrong; the result is whether it went well. */
  async attempt(work: Promise<unknown>): Promise<boolean> {
    this.problem.set("");
    try {
      await work;
      return true;
    } catch (error) {
      const why = reasonOf(error);
      this.problem.set(why);
      announce(why);
      return false;
    }
  }
}

/** `ChatError` and what else is thrown have a sentence for people. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code of a `ChatError`. */
export function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}

const Context = createContext<Talk | undefined>(undefined);

export const TalkProvider = Context.Provider;

export function useTalk(): Talk {
  const talk = useContext(Context);
  if (talk === undefined) {
    throw new Error("A part of a conversation was rendered outside of <Conversation>.");
  }

  return talk;
}
