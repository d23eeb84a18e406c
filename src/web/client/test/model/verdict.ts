import { expected, expectedRow, shown, shownRow } from "./oracle.js";
import type { Schedule } from "./schedule.js";

/** What is wrong after a schedule: nothing, if the client is right. */
export function verdict(schedule: Schedule): string[] {
  const { server, watch, tabs, sent, restores, browsers } = schedule;
  const wrong = [...watch.complaints];
  const threads = [...server.log.threads.values()].filter(({ isDeleted }) => !isDeleted);
  const events = [...server.log.threads.values()].flatMap((thread) => thread.events);

  for (const { chat } of tabs) {
    const { state, threads: open, archived } = chat.threads.getSnapshot();
    const rows = (shownRows: object[]) => JSON.stringify(shownRows.map((row) => JSON.stringify(row)).sort(), null, 1);
    const lists = [rows([...open, ...archived].map(shownRow)), rows(threads.map(expectedRow))];
    if (state !== "live" || lists[0] !== lists[1]) {
      wrong.push(`The list is ${state} and shows ${String(lists[0])} where the log has ${String(lists[1])}.`);
    }
    for (const log of threads) {
      const thread = chat.thread(log.id);
      if (thread.getSnapshot().state !== "live" || shown(thread) !== expected(log)) {
        wrong.push(`Thread ${log.id} is ${thread.getSnapshot().state} and shows ${shown(thread)} where the log has ${expected(log)}.`);
      }
    }
    for (const entry of chat.outbox.getSnapshot()) {
      if (!entry.error) {
        wrong.push(`The outbox still has ${entry.type} ${entry.clientId}.`);
      }
    }
  }

  for (const { content, outcome, tab, restores: before } of sent) {
    const count = events.filter((event) => event.type === "user_message" && event.content === content).length;
    const isKept = browsers.some(({ values }) => [...values.values()].some((value) => value.includes(JSON.stringify(content))));
    const failure =
      count > 1 ? "has more than one effect"
      : outcome === "acked" && count !== 1 && before === restores ? "was acknowledged and is not in the log"
      : outcome === "open" && tab.isAlive ? "was never answered"
      : outcome !== "acked" && outcome !== "open" && count > 0 ? `was refused (${outcome}) and is in the log`
      : outcome === "open" && restores === 0 && count === 0 && !isKept && schedule.isWritten(content) ? "was written and lost"
      : undefined;
    if (failure && content !== "refuse me") {
      wrong.push(`"${content.slice(0, 40)}" ${failure}.`);
    }
  }
  return wrong;
}
