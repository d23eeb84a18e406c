import { conversation as words, label } from "../../text/conversation.js";
import { isObject } from "./summary.js";

/** Deeper than this it is JSON. */
const DEPTH = 2;

/** A JSON value as a person reads it: each member with its name as a label. */
export function Fields({ value, depth = 0 }: { readonly value: unknown; readonly depth?: number }) {
  if (!isObject(value)) {
    return <Value value={value} depth={depth} />;
  }

  const members = Object.entries(value);
  return members.length === 0
    ? <p class="nothing">{words.noArguments}</p>
    : (
      <dl class="fields">
        {members.map(([name, member]) => (
          <div key={name}>
            <dt>{label(name)}</dt>
            <dd><Value value={member} depth={depth + 1} /></dd>
          </div>
        ))}
      </dl>
    );
}

function Value({ value, depth }: { readonly value: unknown; readonly depth: number }) {
  if (typeof value === "string") {
    return <span class="value" dir="auto">{value}</span>;
  }

  if (typeof value === "number" || typeof value === "boolean" || value === null || value === undefined) {
    return <span class="value">{value === null || value === undefined ? words.none : typeof value === "boolean" ? (value ? words.yes : words.no) : `${value}`}</span>;
  }

  if (Array.isArray(value) && value.every((item) => typeof item === "string" || typeof item === "number")) {
    return (
      <ul class="value">
        {value.map((item, index) => <li key={index} dir="auto">{item}</li>)}
      </ul>
    );
  }

  return isObject(value) && depth <= DEPTH ? <Fields value={value} depth={depth} /> : <Json value={value} />;
}

export function Json({ value }: { readonly value: unknown }) {
  return <pre class="json" tabIndex={0} dir="ltr">{typeof value === "string" ? value : JSON.stringify(value, null, 2)}</pre>;
}
