import type { RunItem, RunNote, TextPart, ThinkingPart, ToolCall } from "@chatbackend/client";

export type Work = ThinkingPart | ToolCall;

/** Text stands in the open; what the agent thought and did between two texts is folded together. */
export type Segment =
  | { readonly kind: "work"; readonly key: string; readonly items: readonly Work[] }
  | { readonly kind: "text"; readonly key: string; readonly part: TextPart }
  | { readonly kind: "note"; readonly key: string; readonly note: RunNote };

export function segments(items: readonly RunItem[]): readonly Segment[] {
  const found: Segment[] = [];
  let work: Work[] = [];
  const end = () => {
    const [first] = work;
    if (first !== undefined) {
      found.push({ kind: "work", key: first.kind === "tool" ? first.callId : first.partId, items: work });
      work = [];
    }
  };

  items.forEach((item, index) => {
    if (item.kind === "tool" || item.kind === "thinking") {
      work.push(item);
    } else if (item.kind !== "text") {
      end();
      found.push({ kind: "note", key: `${item.kind} ${index}`, note: item });
    } else if (item.text !== "") {
      end();
      found.push({ kind: "text", key: item.partId, part: item });
    }
  });
  end();
  return found;
}

/** The answer as it is copied: what was said, without what was thought and done. */
export function markdownOf(items: readonly RunItem[]): string {
  return items.filter((item) => item.kind === "text").map((part) => part.text.trim()).filter((text) => text !== "").join("\n\n");
}
