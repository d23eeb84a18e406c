import type { ToolCall } from "@chatbackend/client";
import { conversation as words, count, label } from "../../text/conversation.js";

const MAX_LENGTH = 80;

/** What a tool was given, in a line: the values when they speak for themselves, else the first few with their names. */
export function argumentsLine(value: unknown): string {
  if (!isObject(value)) {
    return value === undefined ? "" : scalar(value);
  }

  const members = Object.entries(value).filter(([, member]) => member !== null && member !== "" && member !== undefined);
  const [only] = members;
  return members.length === 1 && only !== undefined
    ? scalar(only[1])
    : short(members.slice(0, 3).map(([name, member]) => `${label(name)}: ${scalar(member)}`).join(" · "));
}

/** What came of it, in a line: how many when it is a list, else the value. */
export function resultLine(result: unknown): string {
  if (Array.isArray(result)) {
    return count("results", result.length);
  }

  if (!isObject(result)) {
    return result === undefined || result === null ? "" : scalar(result);
  }

  const members = Object.entries(result);
  const list = members.find((member): member is [string, unknown[]] => Array.isArray(member[1]));
  if (list !== undefined) {
    return count(list[0], list[1].length);
  }

  const numbered = members.find(([name, value]) => typeof value === "number" && /^(count|found|hits|matches|results|total)$/i.test(name));
  return numbered === undefined ? argumentsLine(result) : count(numbered[0] === "count" || numbered[0] === "total" || numbered[0] === "found" ? "results" : numbered[0], Number(numbered[1]));
}

/** The part of a tool's line that stands in brackets, and only while it is short. */
export function bracket(call: ToolCall): string {
  const line = call.state === "succeeded" ? resultLine(call.result) : "";
  return line !== "" && line.length <= 24 ? ` (${line})` : "";
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function scalar(value: unknown): string {
  switch (typeof value) {
    case "string": return short(value);
    case "number": return Number.isInteger(value) && Math.abs(value) < 10_000 ? `${value}` : words.number(value);
    case "boolean": return value ? words.yes : words.no;
    default:
      return value === null || value === undefined
        ? words.none
        : short(Array.isArray(value) && value.every((item) => typeof item !== "object") ? value.map(scalar).join(", ") : JSON.stringify(value));
  }
}

function short(text: string): string {
  const line = text.trim().split(/\r?\n/, 1)[0] ?? "";
  return line.length <= MAX_LENGTH ? line : `${line.slice(0, MAX_LENGTH - 1).trimEnd()}…`;
}
