import type { Branch } from "@chatbackend/client";
import { useLayoutEffect, useRef } from "preact/hooks";
import { IconButton } from "../../kit/button.js";
import { ChevronLeftIcon, ChevronRightIcon } from "../../kit/icons.js";
import { announce } from "../../kit/live.js";
import { conversation as words } from "../../text/conversation.js";
import { type Talk, useTalk } from "../talk.js";

/** What was pressed last: the message that it brings is another one, and its same button takes the focus. */
const pressed = new WeakMap<Talk, { readonly messageId: string; readonly button: "previous" | "next" }>();

/** ‹ 2 / 3 › */
export function Branches({ branch }: { readonly branch: Branch }) {
  const talk = useTalk();
  const group = useRef<HTMLDivElement>(null);
  const { index, of } = branch;
  const shown = of[index];

  useLayoutEffect(() => {
    const wish = pressed.get(talk);
    if (wish !== undefined && wish.messageId === shown) {
      pressed.delete(talk);
      group.current?.querySelector<HTMLElement>(wish.button === "previous" ? "button:first-of-type" : "button:last-of-type")?.focus();
      announce(words.branch(index + 1, of.length));
    }
  }, [talk, shown, index, of.length]);

  const select = async (messageId: string | undefined, button: "previous" | "next") => {
    if (messageId !== undefined) {
      pressed.set(talk, { messageId, button });
      if (!await talk.attempt(talk.thread.selectBranch(messageId))) {
        pressed.delete(talk);
      }
    }
  };
  return (
    <div ref={group} class="branches" role="group" aria-label={words.branches}>
      <IconButton small icon={ChevronLeftIcon} label={words.previousBranch} disabled={index === 0} onClick={() => { void select(of[index - 1], "previous"); }} />
      <span aria-label={words.branch(index + 1, of.length)} role="img" class="count">{words.branchShort(index + 1, of.length)}</span>
      <IconButton small icon={ChevronRightIcon} label={words.nextBranch} disabled={index === of.length - 1} onClick={() => { void select(of[index + 1], "next"); }} />
    </div>
  );
}
