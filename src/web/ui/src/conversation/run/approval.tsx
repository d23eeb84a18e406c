import type { Approval, Run, ToolCall } from "@chatbackend/client";
import { useId, useState } from "preact/hooks";
import { Button } from "../../kit/button.js";
import { CheckIcon, CloseIcon, ShieldIcon } from "../../kit/icons.js";
import { announce } from "../../kit/live.js";
import { useObservable } from "../../kit/useObservable.js";
import { conversation as words, toolTitle } from "../../text/conversation.js";
import { useNow } from "../clock.js";
import { memo } from "../memo.js";
import { codeOf, reasonOf, useTalk } from "../talk.js";
import { Fields } from "./fields.js";
import type { Work } from "./segments.js";

/** A card for each call that waits for a decision, those of nested runs too. */
export function Approvals({ agent, items }: { readonly agent: string; readonly items: readonly Work[] }) {
  return (
    <>
      {items.map((item) => item.kind === "tool" && (
        item.state === "awaiting_approval" && item.approval !== undefined
          ? <ApprovalCard key={item.callId} agent={agent} call={item} approval={item.approval} />
          : item.nested !== undefined && item.state === "running" && <NestedApprovals key={item.callId} run={item.nested} />
      ))}
    </>
  );
}

function NestedApprovals({ run }: { readonly run: Run }) {
  const { agent, items } = useObservable(run);
  return <Approvals agent={agent} items={items.filter((item) => item.kind === "tool")} />;
}

interface CardProps {
  readonly agent: string;
  readonly call: ToolCall;
  readonly approval: Approval;
}

const ApprovalCard = memo(function ApprovalCard({ agent, call, approval }: CardProps) {
  const talk = useTalk();
  const id = useId();
  const [note, setNote] = useState("");
  const [sent, setSent] = useState<"approve" | "reject">();
  const [refused, setRefused] = useState("");
  const connected = useObservable(talk.chat.connection, ({ state }) => state === "open");
  const now = useNow(true);
  const left = Date.parse(approval.expiresAt) - now;
  const expired = left <= 0;
  const idle = sent !== undefined || expired;

  const decide = (decision: "approve" | "reject") => {
    setSent(decision);
    setRefused("");
    talk.thread.decide(call, decision, note.trim() === "" ? undefined : note.trim()).catch((error: unknown) => {
      const why = refusalOf(error);
      setSent(undefined);
      setRefused(why);
      announce(why);
    });
  };
  return (
    <section class="approval" aria-labelledby={id} data-focus-home="" tabIndex={-1}>
      <header>
        <ShieldIcon />
        <h3 id={id}>{words.approvalTitle(toolTitle(call.tool, "name"))}</h3>
        <span class={left < 60_000 ? "expiry soon" : "expiry"} role="timer">{expired ? words.expired : words.expiresIn(words.countdown(left))}</span>
      </header>
      <p class="approval-by">{words.approvalBy(agent)}</p>
      <Fields value={call.arguments} />
      <div class="decision">
        <input class="field" aria-label={words.approvalNote} placeholder={words.approvalNote} value={note} onInput={(event) => { setNote(event.currentTarget.value); }} />
        <Button kind="primary" icon={CheckIcon} disabled={idle} onClick={() => { decide("approve"); }}>{words.approve}</Button>
        <Button icon={CloseIcon} disabled={idle} onClick={() => { decide("reject"); }}>{words.reject}</Button>
      </div>
      {sent !== undefined && <p class="hint">{connected ? words.deciding : words.offlineDecision}</p>}
      {refused !== "" && <p class="ending bad">{refused}</p>}
    </section>
  );
});

function refusalOf(error: unknown): string {
  switch (codeOf(error)) {
    case "already_decided": return words.alreadyDecided;
    case "expired": return words.expired;
    default: return words.decisionFailed(reasonOf(error));
  }
}
