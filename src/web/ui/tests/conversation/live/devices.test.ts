import assert from "node:assert/strict";
import { test } from "node:test";
import { random as randomOf } from "../../content/cuts.js";
import { say, scenario, tool, wait } from "./scenario.js";
import { Person, staged } from "./stage.js";

const stage = staged();
const steps = Number(process.env["CHAT_STEPS"] ?? 60);
const seed = Number(process.env["CHAT_SEED"] ?? 1);

interface LogEvent {
  readonly type: string;
  readonly seq: number;
  readonly message_id?: string;
  readonly run_id?: string;
  readonly kind?: string;
  readonly content?: string;
  readonly text?: string;
}

interface Export {
  readonly title?: string;
  readonly events: readonly LogEvent[];
  readonly replaced: readonly { readonly after_seq: number; readonly before_seq: number }[];
}

test(`two tabs and a second device do ${steps} things at random, and at the end each shows what the log holds`, async () => {
  const random = randomOf(seed);
  const first = await stage().person();
  const people = [first, await first.tab(), await deviceOf(first)];
  for (const person of people.slice(1)) {
    await person.choose("script");
  }

  let said = 0;
  const message = () => {
    said++;
    return random() < 0.2
      ? scenario(tool("send_email", { number: said }, { approval: true }), say(`Answer ${said}, after a decision.`))
      : scenario(say(`Answer ${said} begins, `, 6, Math.floor(random() * 40)), wait(Math.floor(random() * 300)), say("and ends.", 2, 5));
  };
  const things: readonly (readonly [number, (person: Person) => Promise<void>])[] = [
    [30, (person) => person.say(message())],
    [8, async (person) => { await person.button(/^New chat/).first().click(); await person.choose("script"); await person.say(message()); }],
    [20, (person) => openAnother(person, random)],
    [8, (person) => pressAny(person, "Stop", random)],
    [8, (person) => pressAny(person, /^(Approve|Reject)$/, random)],
    [6, (person) => pressAny(person, "Answer again", random)],
    [4, (person) => pressAny(person, "Take back", random)],
    [4, (person) => rename(person, `Name ${++said}`, random)],
    [6, async (person) => { await person.page.reload(); await person.field.waitFor(); }],
    [6, async (person) => {
      stage().page.online = false;
      await person.say(message());
      await person.settled();
      stage().page.online = true;
    }],
  ];
  const sum = things.reduce((all, [weight]) => all + weight, 0);
  for (let step = 0; step < steps; step++) {
    let drawn = random() * sum;
    const [, thing] = things.find(([weight]) => (drawn -= weight) < 0) ?? assert.fail();
    await thing(people[Math.floor(random() * people.length)] ?? assert.fail());
  }

  await atRest(people, random);
  const listed = await get<{ readonly threads: readonly { readonly thread_id: string; readonly title?: string }[] }>(first, "api/threads?limit=200");
  const titles = listed.threads.map(({ title }) => title ?? "New chat");
  assert.ok(titles.length > 0);
  for (const person of people) {
    await person.until("its list is that of the server", async () => (await titlesOf(person)).join("\n") === titles.join("\n"));
  }
  let messages = 0;
  for (const { thread_id: id } of listed.threads) {
    const log = transcriptOf(await get<Export>(first, `api/threads/${id}/export`));
    messages += log.messages.length;
    for (const person of people) {
      await person.page.evaluate((to) => { location.hash = `#/t/${to}`; }, id);
      try {
        await person.until("the transcript is that of the log", async () => JSON.stringify(await shownBy(person)) === JSON.stringify(log));
      } catch {
        assert.deepEqual(await shownBy(person), log, `CHAT_SEED=${seed} CHAT_STEPS=${steps}: ${id}`);
      }
    }
  }
  for (const person of people) {
    assert.equal(await unsent(person), 0);
    assert.deepEqual(person.watched.complaints, []);
  }
  console.log(`${steps} steps of seed ${seed}: ${said} things said, ${messages} messages in ${titles.length} threads, 3 pages equal to the log`);
  await people[2]?.leave();
  await first.leave();
});

async function deviceOf(person: Person): Promise<Person> {
  const context = await stage().browser.newContext();
  await context.addCookies(await person.watched.context.cookies());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => { complaints.push(String(error)); });
  await page.goto(person.page.url());
  return new Person({ context, page, complaints }, person.page.url());
}

function links(person: Person) {
  return person.page.getByRole("navigation", { name: "Chats" }).getByRole("link");
}

async function openAnother(person: Person, random: () => number): Promise<void> {
  const hrefs = await links(person).evaluateAll((all) => all.map((link) => link.getAttribute("href") ?? ""));
  const href = hrefs[Math.floor(random() * hrefs.length)];
  if (href !== undefined) {
    await person.page.evaluate((to) => { location.hash = to; }, href.slice(href.indexOf("#")));
  }
}

/** Presses one of the buttons of that name, if there is one: it may vanish at any moment, since others act too. */
async function pressAny(person: Person, name: string | RegExp, random: () => number): Promise<void> {
  const buttons = await person.button(name).elementHandles();
  const button = buttons[Math.floor(random() * buttons.length)];
  await button?.evaluate((element) => { (element as HTMLElement).click(); }).catch((error: unknown) => {
    if (!/not attached|destroyed|closed/.test(String(error))) {
      throw error;
    }
  });
}

async function rename(person: Person, title: string, random: () => number): Promise<void> {
  const count = await links(person).count();
  if (count > 0) {
    const id = await links(person).nth(Math.floor(random() * count)).getAttribute("href");
    await person.page.evaluate(async ([thread, to]) => {
      await fetch(`api/threads/${thread}`, { method: "PATCH", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ title: to }) });
    }, [id?.split("/").at(-1) ?? "", title] as const);
  }
}

/** Decides what waits for a decision, until no thread has work left and nothing waits to be sent. */
async function atRest(people: readonly Person[], random: () => number): Promise<void> {
  const [first] = people;
  assert.ok(first);
  const deadline = Date.now() + 120_000;
  for (;;) {
    const { threads } = await get<{ readonly threads: readonly { readonly thread_id: string; readonly running: boolean; readonly needs_approval: boolean }[] }>(first, "api/threads?limit=200");
    const waiting = await Promise.all(people.map(unsent));
    if (threads.every(({ running }) => !running) && waiting.every((count) => count === 0)) {
      return;
    }
    assert.ok(Date.now() < deadline, `work is left: ${JSON.stringify(threads.filter(({ running }) => running))}, unsent ${waiting.join()}`);
    const asking = threads.find(({ needs_approval }) => needs_approval);
    if (asking) {
      await first.page.evaluate((to) => { location.hash = `#/t/${to}`; }, asking.thread_id);
      await pressAny(first, "Approve", random);
    }
    await first.settled();
  }
}

/** Commands that this device keeps until they are answered; under 0 it keeps the session. */
function unsent(person: Person): Promise<number> {
  return person.page.evaluate(() => new Promise<number>((resolve) => {
    indexedDB.open("chat /").onsuccess = ({ target }) => {
      const database = (target as IDBOpenDBRequest).result;
      database.transaction("kept").objectStore("kept").count(IDBKeyRange.lowerBound(1)).onsuccess = ({ target: counted }) => {
        database.close();
        resolve((counted as IDBRequest<number>).result);
      };
    };
  }));
}

function get<T>(person: Person, path: string): Promise<T> {
  return person.page.evaluate(async (address) => {
    const answer = await fetch(address);
    if (!answer.ok) {
      throw new Error(`${address}: ${answer.status}`);
    }
    return await answer.json() as never;
  }, path);
}

function titlesOf(person: Person): Promise<readonly string[]> {
  return links(person).evaluateAll((all) => all.map((link) => link.querySelector(".row-title")?.textContent ?? link.textContent));
}

/** What the log says a page has to show: the messages in no order, since one that waits stands below, and the answers in theirs. */
function transcriptOf({ events, replaced }: Export): { readonly messages: readonly string[]; readonly answers: readonly string[] } {
  const takenBack = new Set(events.filter(({ type }) => type === "message_removed").map(({ message_id }) => message_id));
  const asked = events.filter(({ type, seq, message_id }) => type === "user_message" && !takenBack.has(message_id) && !replaced.some(({ after_seq, before_seq }) => seq > after_seq && seq < before_seq));
  const ids = new Set(asked.map(({ message_id }) => message_id));
  const answers = events.filter(({ type, message_id }) => type === "agent_started" && ids.has(message_id)).map(({ run_id }) => events
    .filter((event) => event.run_id === run_id)
    .map((event) => (event.type === "agent_part" && event.kind === "text" ? event.text : /^agent_(completed|stopped|failed)$/.test(event.type) ? event.content : undefined) ?? "")
    .join(""));
  return { messages: asked.map(({ content }) => content ?? "").sort(), answers: answers.map(plain) };
}

async function shownBy(person: Person): Promise<{ readonly messages: readonly string[]; readonly answers: readonly string[] }> {
  const [messages, answers] = await person.messages.evaluate((box) => [
    [...box.querySelectorAll("article .bubble")].map(({ textContent }) => textContent),
    [...box.querySelectorAll("article")].filter((turn) => turn.querySelector(".bubble") === null).map((turn) => [...turn.querySelectorAll(".content")].map(({ textContent }) => textContent).join("")),
  ] as const);
  return { messages: [...messages].sort(), answers: answers.map(plain) };
}

/** Blanks at the ends of blocks are not shown, nor are the signs before the items of a list. */
function plain(text: string): string {
  return text.replace(/^- /gm, "").replace(/\s+/g, "");
}
