/** What a message tells the `script` agent to do; its answer is known to the test, and when it comes. */
export function scenario(...steps: readonly object[]): string {
  return JSON.stringify({ steps });
}

export const say = (text: string, chunks = 1, everyMs = 0) => ({ say: text, chunks, every_ms: everyMs });
export const think = (text: string, chunks = 1, everyMs = 0) => ({ think: text, chunks, every_ms: everyMs });
export const wait = (ms: number) => ({ wait_ms: ms });
export const finish = (reason: string) => ({ finish: reason });
export const tool = (name: string, args: object, more: object = {}) => ({ tool: name, arguments: args, result: "ok", ...more });

/** So many paragraphs, each of which says its number. */
export function paragraphs(count: number): string {
  return Array.from({ length: count }, (_, index) => `Paragraph ${index + 1} of the answer, which is long enough to fill a line and a half of the column on most screens that people use.`).join("\n\n");
}
