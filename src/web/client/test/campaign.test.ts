import assert from "node:assert/strict";
import { test } from "node:test";
import { Schedule } from "./model/schedule.js";
import { verdict } from "./model/verdict.js";

const first = Number(process.env["CHAT_SEED"] ?? 1);
const count = Number(process.env["CHAT_SCHEDULES"] ?? 500);

test(`After ${count} schedules of faults, list, transcript and outbox equal the log and every send has one effect`, async () => {
  for (let seed = first; seed < first + count; seed++) {
    const schedule = new Schedule(seed);
    try {
      await schedule.play();
    } catch (failure) {
      assert.fail(`CHAT_SEED=${seed} CHAT_SCHEDULES=1 throws ${String((failure as Error).stack)}`);
    }
    const wrong = verdict(schedule);
    assert.deepEqual(wrong, [], `CHAT_SEED=${seed} CHAT_SCHEDULES=1 shows it. What happened:\n${schedule.trace.join("\n")}`);
  }
});
