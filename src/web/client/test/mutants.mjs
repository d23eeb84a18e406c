// Puts known bugs in, one at a time, and sees a test fail for each: `npm run mutants`, or some by name.

import { readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { bundleTests } from "./run.mjs";

/** name, source file, what stands there, what stands there instead, where it must be seen. */
const MUTANTS = [
  ["gap-ignored", "conversation.ts", "if (event.seq > next) {\n      this._gap();", "if (event.seq > next) {", "campaign"],
  ["gap-skipped", "conversation.ts", "if (event.seq > next) {\n      this._gap();\n    } else if (event.seq === next) {\n      this._seq = next;", "if (event.seq >= next) {\n      this._seq = event.seq;", "campaign"],
  ["caught-up-beyond-the-cursor-ignored", "conversation.ts", "} else if (seq > (this._seq as number)) {\n      this._askFor();", "} else if (seq > (this._seq as number)) {", "units"],
  ["lost-text-dropped-in-silence", "run.ts", "this._lost ||= over.length < this._items.length;", "", "campaign"],
  ["shorter-text-in-silence", "run.ts", "this._lost ||= !!part && !text.startsWith(part.text);", "", "campaign"],
  ["duplicate-event-applied", "conversation.ts", "} else if (event.seq === next) {\n      this._seq = next;", "} else {\n      this._seq = event.seq;", "campaign"],
  ["delta-offset-ignored", "run.ts", "text.slice(has.length - offset)", "text", "units"],
  ["delta-gap-ignored", "run.ts", "if (offset > has.length) {\n      return false;", "if (offset > has.length) {\n      return true;", "units"],
  ["removed-before-ack", "outbox.ts", "this._inFlight.add(isSent);", "this._inFlight.add(isSent);\n        void this._store(() => this._client._storage.write([], [n]));", "campaign"],
  ["resent-with-a-new-id", "outbox.ts", "connection._command(frame, (answer)", "connection._command({ ...frame, id: this._client._env.newId() }, (answer)", "campaign"],
  ["cursor-without-after-at", "conversation.ts", "after_at: this._at, parts }", "parts }", "campaign"],
  ["stale-cursor-ignored", "conversation.ts", '} else if (code === "expired" || code === "stale_cursor") {', '} else if (code === "expired") {', "campaign"],
  ["every-tab-sends", "outbox.ts", "if (!this._leads || ", "if (", "campaign"],
  ["listeners-told-of-nothing", "conversation.ts", "      if (hasChanged) {\n        this._touch();\n      }", "      this._client._told(this);", "campaign"],
  ["one-overtakes-another", "outbox.ts", "      busy.add(key);\n", "", "campaign"],
  ["list-cursor-kept-over-a-restore", "threads.ts", "this._cursor = this._follow = undefined;", "this._follow = undefined;", "campaign"],
  ["branch-not-brought-back", "transcript.ts", "this._append(turn);\n        turn._steered", "turn._steered", "campaign"],
  ["session-lost-in-silence", "session.ts", "return !!kept && kept.user !== this._user;", "await this._newGuest();\n    return true;", "units"],
  ["limits-ignored", "connection.ts", "this._pending.size >= max_pending_commands || ", "", "units"],
  ["no-heartbeat", "connection.ts", "if (this._silent) {", "if (!this._user) {", "units"],
  ["no-jitter", "connection.ts", "random * Math.min(10_000, 500 * 2 ** failures)", "Math.min(10_000, 500 * 2 ** failures)", "units"],
  ["search-for-an-entry-from-the-start", "transcript.ts", "this._entries.lastIndexOf(turn._message as Message)", "this._entries.findIndex((entry) => entry === turn._message)", "cost"],
];

const wanted = process.argv.slice(2);
const survivors = [];
for (const [name, file, from, to, where] of MUTANTS.filter(([name]) => wanted.length === 0 || wanted.includes(name))) {
  if (readFileSync(join(import.meta.dirname, "../src", file), "utf8").split(from).length !== 2) {
    throw new Error(`${name}: its place in ${file} is gone, or is not the only one.`);
  }
  const [test] = await bundleTests([`${where}.test.ts`], `mutants/${name}`, (path, text) => (path.endsWith(`/${file}`) ? text.replace(from, () => to) : text));
  const { status, stdout } = spawnSync(process.execPath, ["--test", "--enable-source-maps", test], { env: { ...process.env, CHAT_SCHEDULES: "300" }, encoding: "utf8", timeout: 300_000 });
  const seed = /CHAT_SEED=(\d+)/.exec(stdout)?.[1];
  console.log(`${status === 0 ? "NOT SEEN" : "seen"}  ${name}${seed ? ` (schedule ${seed})` : ""}`);
  if (status === 0) {
    survivors.push(name);
  }
}
process.exit(survivors.length === 0 ? 0 : 1);
