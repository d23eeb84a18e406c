import type { ToolCall } from "@chatbackend/client";
import { useState } from "preact/hooks";
import { Button } from "../../kit/button.js";
import { CheckIcon, ClockIcon, CloseIcon, type Icon, SpinnerIcon, WarningIcon } from "../../kit/icons.js";
import { useObservable } from "../../kit/useObservable.js";
import { conversation as words, toolTitle } from "../../text/conversation.js";
import { memo } from "../memo.js";
import { reasonOf, useTalk } from "../talk.js";
import { Fields, Json } from "./fields.js";
import { Fold } from "./fold.js";
import { NestedRun } from "./nested.js";
import { argumentsLine, resultLine } from "./summary.js";

const ICONS: Readonly<Record<ToolCall["state"], Icon>> = {
  awaiting_approval: ClockIcon, running: SpinnerIcon, succeeded: CheckIcon, failed: WarningIcon, rejected: CloseIcon, abandoned: WarningIcon,
};

/** One call: what was called with what, how far it is, what came of it. */
export const ToolStep = memo(function ToolStep({ call }: { readonly call: ToolCall }) {
  const IconOf = ICONS[call.state];
  const given = argumentsLine(call.arguments);
  const came = call.state === "succeeded" ? resultLine(call.result) : call.error ?? "";
  return (
    <li class="step tool" data-state={call.state}>
      <span class="mark"><IconOf /></span>
      <div class="step-body">
        <p class="step-line">
          <span class="step-title">{titleOf(call)}</span>
          {given !== "" && <span class="step-given" dir="auto">{given}</span>}
          {call.durationMs !== undefined && <span class="step-time">{words.duration(call.durationMs)}</span>}
        </p>
        {call.state === "running" && call.progress !== undefined && <Progress progress={call.progress} />}
        {call.nested !== undefined && <NestedRun run={call.nested} />}
        {came !== "" && <p class="step-came" dir="auto">{came}</p>}
        {call.approval?.decision !== undefined && <Decided approval={call.approval} />}
        <Fold class="step-details" lazy summary={words.details}>{() => <Details call={call} />}</Fold>
      </div>
    </li>
  );
});

export function titleOf({ tool, state }: ToolCall): string {
  switch (state) {
    case "running": return toolTitle(tool, "now");
    case "succeeded": return toolTitle(tool, "past");
    case "awaiting_approval": return words.toolWaits(toolTitle(tool, "name"));
    case "failed": return words.toolFailed(toolTitle(tool, "name"));
    case "rejected": return words.toolRejected(toolTitle(tool, "name"));
    case "abandoned": return words.toolAbandoned(toolTitle(tool, "name"));
  }
}

function Progress({ progress: { text, fraction } }: { readonly progress: NonNullable<ToolCall["progress"]> }) {
  return (
    <div class="progress">
      <p dir="auto">{text}</p>
      {fraction !== undefined && <progress max={1} value={fraction} aria-label={text} />}
    </div>
  );
}

function Decided({ approval }: { readonly approval: NonNullable<ToolCall["approval"]> }) {
  const me = useObservable(useTalk().chat.connection, ({ userId }) => userId);
  const { decision, decidedBy, note } = approval;
  const byMe = decidedBy === undefined || decidedBy === me;
  const said = decision === "approve" ? (byMe ? words.approvedByYou : words.approvedBy(decidedBy)) : byMe ? words.rejectedByYou : words.rejectedBy(decidedBy);
  return <p class="step-decided" dir="auto">{note === undefined ? said : `${said}: ${note}`}</p>;
}

function Details({ call }: { readonly call: ToolCall }) {
  return (
    <div class="details">
      <h3>{words.arguments}</h3>
      <Fields value={call.arguments} />
      {call.result !== undefined && (
        <>
          <h3>{words.result}</h3>
          <Json value={call.result} />
        </>
      )}
      {call.resultBytes !== undefined && <WholeResult callId={call.callId} bytes={call.resultBytes} />}
      {call.error !== undefined && (
        <>
          <h3>{words.error}</h3>
          <p dir="auto">{call.error}</p>
        </>
      )}
    </div>
  );
}

type Reading = { readonly state: "no" | "loading" } | { readonly state: "failed"; readonly why: string } | { readonly state: "read"; readonly result: unknown };

function WholeResult({ callId, bytes }: { readonly callId: string; readonly bytes: number }) {
  const { thread } = useTalk();
  const [reading, setReading] = useState<Reading>({ state: "no" });
  if (reading.state === "read") {
    return <Json value={reading.result} />;
  }

  const read = () => {
    setReading({ state: "loading" });
    thread.readResult(callId).then(
      (result) => { setReading({ state: "read", result }); },
      (error: unknown) => { setReading({ state: "failed", why: reasonOf(error) }); },
    );
  };
  return (
    <>
      {reading.state === "failed" && <p role="alert">{`${words.wholeResultFailed}: ${reading.why}`}</p>}
      <Button small disabled={reading.state === "loading"} onClick={read}>
        {reading.state === "loading" ? words.wholeResultLoading : words.wholeResult(words.bytes(bytes))}
      </Button>
    </>
  );
}
