import type { ConnectionSnapshot, ThreadSnapshot } from "@chatbackend/client";
import { ago, at, call, ended, message, run, text, thought, thread } from "./build.js";

export interface State {
  readonly snapshot: ThreadSnapshot;
  readonly connection?: Partial<ConnectionSnapshot>;
  readonly dir?: "rtl";
  /** Names of buttons that are pressed before it is looked at, one after the other. */
  readonly press?: readonly string[];
}

const MARKDOWN = `It is **half past ten** in Zürich. A weekend there could look like this:

1. *Friday*: the old town, then dinner at the lake
2. *Saturday*: up the Uetliberg, which takes two hours
3. *Sunday*: the Kunsthaus, before the train at 16:32

| Day | What | Costs |
|---|---|---:|
| Friday | Dinner for two | 140 CHF |
| Saturday | Train up and down | 17 CHF |
| Sunday | Museum | 48 CHF |

\`\`\`ts
export function total(costs: readonly number[]): number {
  return costs.reduce((sum, cost) => sum + cost, 0);
}
\`\`\`

The mean is $\\bar{x} = \\frac{1}{n}\\sum_{i=1}^{n} x_i$, see [the timetable](https://example.org/timetable).`;

const LONG = "The lake was calm that morning, and the first boats were already out. Nobody had told them about the wind that was to come from the west at noon. ".repeat(6).trim();

function conversation() {
  const first = message("What time is it in Zürich? And could you plan a weekend there for two?");
  const second = message("Which of these needs booking?");
  return [
    first,
    run(first, [thought("They want the time and a plan. The clock tool knows the time.", 4), call("clock", { time_zone: "Europe/Zurich" }, { result: { local: "10:30" }, durationMs: 3 }), text(MARKDOWN)], { end: ended() }),
    second,
    run(second, [text("Only the dinner. The museum and the train take you as you come.")], { end: ended({ usage: { input_tokens: 1650, output_tokens: 17 } }), feedback: { rating: "up" } }),
  ];
}

const ask = (content = "Mail the plan to Ada, and tell Tom about the boat.") => message(content);

const opened = (state: string, ...press: readonly string[]): State => ({ ...(STATES[state]?.() ?? { snapshot: thread([]) }), press });

/** What the page can look like, each by a name that its pictures have. */
export const STATES: Readonly<Record<string, () => State>> = {
  empty: () => ({ snapshot: { ...thread([]), state: "new" } }),
  loading: () => ({ snapshot: { ...thread([]), state: "loading" } }),
  answered: () => ({ snapshot: thread(conversation()) }),
  streaming: () => {
    const question = message("And on Monday?");
    return { snapshot: thread([...conversation().slice(2), question, run(question, [text("On Monday most museums are closed, but the botanical", false)])]) };
  },
  sent: () => {
    const question = message("And on Monday?");
    return { snapshot: thread([...conversation().slice(2), question, run(question, [])]) };
  },
  thinking: () => {
    const question = message("Is 2027 a prime?");
    const part = { kind: "thinking", partId: "part_t", text: "2027 is odd. 2+0+2+7 = 11, so 3 does not divide it …", done: false, startedAt: ago(3) } as const;
    return { snapshot: thread([question, run(question, [part])]) };
  },
  tools: () => {
    const question = message("Find what I said about whales, and read those threads.");
    const items = [
      thought("Searching first.", 4), call("search_threads", { query: "whales", limit: 5 }, { result: { hits: ["thr_1", "thr_2"] } }),
      call("read_file", { path: "notes/whales.md" }, { result: "Call me Ishmael.\n[… 1215236 of 1215267 characters are left out here …]", resultBytes: 1_238_567, durationMs: 1830 }),
      call("fetch_page", { url: "https://example.org/whales" }, { state: "failed", error: "The page answered 503.", durationMs: 5200 }),
      call("read_threads", { threads: ["thr_1", "thr_2"] }, { state: "running", progress: { text: "12 of 30 pages read", fraction: 0.4 } }),
    ];
    return { snapshot: thread([question, run(question, items)]) };
  },
  approval: () => {
    const question = ask();
    const waits = { state: "awaiting_approval", approval: { argumentsDigest: "sha256:1", expiresAt: ago(-583) } } as const;
    return {
      snapshot: thread([question, run(question, [
        text("I have written both. They go out when you agree."),
        call("send_email", { to: ["ada@example.org"], subject: "A weekend in Zürich", body: "Dear Ada,\n\nhere is the plan for the weekend.\n\nSee you on Friday!", attach_plan: true }, waits),
        call("post_message", { channel: "boat", text: "The boat leaves at nine." }, waits),
      ])]),
    };
  },
  decided: () => {
    const question = ask();
    return {
      snapshot: thread([question, run(question, [
        call("send_email", { to: "ada@example.org" }, { result: { message_id: "m-17" }, approval: { argumentsDigest: "sha256:1", expiresAt: at(900), decision: "approve", decidedBy: "usr_me" } }),
        call("post_message", { channel: "boat" }, { state: "rejected", error: "The person said no.", approval: { argumentsDigest: "sha256:2", expiresAt: at(900), decision: "reject", decidedBy: "usr_other", note: "Not before Monday." } }),
        text("Ada has the plan. I did not write to the boat’s channel."),
      ], { end: ended() })]),
    };
  },
  nested: () => {
    const question = message("Compare the two ferries.");
    const inner = run(question, [thought("Two timetables to read.", 2), call("fetch_page", { url: "https://example.org/north" }, { result: { departures: [8, 9, 11] } }), call("fetch_page", { url: "https://example.org/south" }, { state: "running", progress: { text: "Reading", fraction: 0.7 } })], { agent: "researcher" });
    return { snapshot: thread([question, run(question, [call("researcher", { question: "Which ferry leaves more often?" }, { state: "running", nested: inner })])]) };
  },
  failed: () => {
    const question = ask("Write me a story about the lake.");
    return {
      snapshot: thread([question, run(question, [text("Once, when the lake was still")], {
        end: ended({ type: "failed", at: ago(2), code: "model_rate_limited", message: "The model has too much to do at the moment. Try again in 20 s.", retryable: true, retryAfterMs: 20_000 }),
      })]),
    };
  },
  stopped: () => {
    const question = ask("Count to a thousand.");
    return { snapshot: thread([question, run(question, [text("1, 2, 3, 4, 5, 6, 7")], { end: ended({ type: "stopped", reason: "user" }) })]) };
  },
  lost: () => {
    const question = ask("Write me a story about the lake.");
    return { snapshot: thread([question, run(question, [text("Once, when the lake was still frozen in March,")], { lostText: true, end: ended({ type: "failed", code: "interrupted", message: "The server was restarted while it answered.", retryable: true }) })]) };
  },
  finishes: () => {
    const entries = ["length", "content_filter", "refusal", "empty"].flatMap((finish) => {
      const question = message(`How does ${finish} look?`);
      return [question, run(question, finish === "empty" ? [] : [text("This much was said, and then")], { end: ended({ finish }) })];
    });
    return { snapshot: thread(entries) };
  },
  quiet: () => {
    const question = message("Go on with the plan.");
    const steer = message("Ada is vegetarian, by the way.", { whenRunning: "steer" });
    return {
      snapshot: thread([question, run(question, [
        { kind: "fallback", agent: "backup", code: "model_unavailable" },
        { kind: "trimmed", exchanges: 12, results: 3, summary: "They plan a week in Zürich from May 4; two people. Hotel Limmat is booked." },
        text("I look for a table on Friday."),
        call("search_restaurants", { city: "Zürich" }, { result: { results: [1, 2, 3] } }),
        { kind: "steered", messageId: steer.messageId ?? "" },
        text("Then it is the Hiltl: all of it is vegetarian, and has been since 1898."),
      ], { end: ended() }), steer]),
    };
  },
  queued: () => {
    const question = message("Read the whole book.");
    return {
      snapshot: thread([question, run(question, [text("I have begun with the first chapter,", false)]),
        message("Then sum it up in three sentences, please, and say which of the chapters can be left out by somebody in a hurry.", { state: "queued", whenRunning: "queue" }),
        message("Leave out the chapter on whales.", { state: "queued", whenRunning: "steer" })]),
    };
  },
  branches: () => {
    const question = message("What time is it in Basel?", { branch: { index: 1, of: ["msg_a", "msg_b", "msg_c"] } });
    return { snapshot: thread([question, run(question, [text("It is half past ten in Basel, as in all of Switzerland.")], { end: ended() })]) };
  },
  undelivered: () => {
    const [first, answer] = conversation().slice(2);
    return {
      connection: { state: "waiting" },
      snapshot: thread([...(first && answer ? [first, answer] : []),
        message("This one is refused.", { state: "failed", error: { code: "quota_exceeded", message: "100 messages wait already." } }),
        message("And this one waits for the network.", { state: "pending" })], { state: "offline" }),
    };
  },
  offline: () => ({ connection: { state: "offline" }, snapshot: { ...thread([]), state: "offline" } }),
  not_found: () => ({ snapshot: { ...thread([]), state: "not_found" } }),
  deleted: () => ({ snapshot: { ...thread([]), state: "deleted" } }),
  long: () => {
    const question = message(`${LONG}\n\n${LONG}\n\n${"x".repeat(100_000)}`);
    return { snapshot: thread([question, run(question, [text(Array.from({ length: 12 }, () => LONG).join("\n\n"))], { end: ended() })], { hasEarlier: true, notice: "restored" }) };
  },
  rtl: () => {
    const question = message("كم الساعة في زيورخ؟");
    return {
      dir: "rtl",
      snapshot: thread([question, run(question, [thought("They ask for the time.", 2), call("clock", { time_zone: "Europe/Zurich" }, { result: { local: "10:30" } }), text("الساعة الآن **العاشرة والنصف** في زيورخ.\n\n- الجمعة: البلدة القديمة\n- السبت: الجبل")], { end: ended() })]),
    };
  },
  tools_open: () => opened("tools", "Reading threads", "Details"),
  nested_open: () => opened("nested", "Using researcher", "Details"),
  thinking_open: () => opened("thinking", "Thinking"),
  editing: () => opened("branches", "Edit"),
  feedback: () => opened("answered", "Bad answer"),
  about: () => opened("answered", "About this answer"),
  agents: () => opened("answered", "Agent: concierge"),
};
