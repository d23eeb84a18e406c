import type { SearchHit } from "@chatbackend/client";
import type { ComponentChild } from "preact";

/** The excerpt with its words marked; positions are UTF-16 code units, in order and without overlap, as the server gives them. */
export function highlighted(excerpt: string, highlights: SearchHit["highlights"]): readonly ComponentChild[] {
  const parts: ComponentChild[] = [];
  let end = 0;
  for (const { start, length } of highlights) {
    parts.push(excerpt.slice(end, start), <mark key={start}>{excerpt.slice(start, start + length)}</mark>);
    end = start + length;
  }
  parts.push(excerpt.slice(end));
  return parts;
}
