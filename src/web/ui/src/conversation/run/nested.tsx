import type { Run } from "@chatbackend/client";
import { Markdown } from "../../content/markdown.js";
import { useObservable } from "../../kit/useObservable.js";
import { Ending } from "./ending.js";
import { Note } from "./note.js";
import { segments } from "./segments.js";
import { Steps } from "./steps.js";

/** What another agent did when it was called as a tool, indented below that call. */
export function NestedRun({ run }: { readonly run: Run }) {
  const { agent, items, end, lostText } = useObservable(run);
  return (
    <div class="nested" role="group" aria-label={agent}>
      <p class="nested-agent">{agent}</p>
      {segments(items).map((segment) => {
        switch (segment.kind) {
          case "work": return <Steps key={segment.key} items={segment.items} />;
          case "note": return <Note key={segment.key} note={segment.note} />;
          case "text": return <Markdown key={segment.key} text={segment.part.text} done={segment.part.done} />;
        }
      })}
      {end !== undefined && <Ending end={end} lostText={lostText} />}
    </div>
  );
}
