import type { Run, RunItem, Thread, ToolCall } from "@chatbackend/client";
import { useRun } from "@chatbackend/react";
import { memo } from "react";

/** What an agent says and does. Only this is rendered again while its text arrives. */
export const Answer = memo(function Answer({ run, thread }: { readonly run: Run; readonly thread: Thread }) {
  const { items, end } = useRun(run);
  return (
    <article aria-busy={!end}>
      {items.map((item) => (
        <Item key={keyOf(item)} item={item} thread={thread} />
      ))}
      {end?.type === "stopped" && <small>Stopped</small>}
      {end?.type === "failed" && <small role="alert">{end.message}</small>}
    </article>
  );
});

const keyOf = (item: RunItem) => (item.kind === "tool" ? item.callId : "partId" in item ? item.partId : JSON.stringify(item));

function Item({ item, thread }: { readonly item: RunItem; readonly thread: Thread }) {
  switch (item.kind) {
    case "text":
      return <p dir="auto">{item.text}</p>;
    case "thinking":
      return (
        <details>
          <summary>{item.done ? "Thought" : "Thinks …"}</summary>
          <p dir="auto">{item.text}</p>
        </details>
      );
    case "tool":
      return <Call call={item} thread={thread} />;
    default:
      return null;
  }
}

function Call({ call, thread }: { readonly call: ToolCall; readonly thread: Thread }) {
  const { tool, state, arguments: values, error, progress } = call;
  const decide = (decision: "approve" | "reject") => void thread.decide(call, decision).catch(() => undefined);
  return (
    <section aria-label={tool}>
      <details>
        <summary>
          {tool}: {progress && state === "running" ? progress.text : state.replaceAll("_", " ")}
        </summary>
        <pre>{JSON.stringify(values, null, 2)}</pre>
        {error && <p>{error}</p>}
      </details>
      {state === "awaiting_approval" && (
        <p>
          May it? <button onClick={() => { decide("approve"); }}>Approve</button> <button onClick={() => { decide("reject"); }}>Reject</button>
        </p>
      )}
    </section>
  );
}
