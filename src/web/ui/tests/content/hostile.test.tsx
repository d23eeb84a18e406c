import assert from "node:assert/strict";
import { before, test } from "node:test";
import { options, type VNode } from "preact";
import { render } from "preact-render-to-string";
import { Tokenizer } from "marked";
import { highlight } from "../../src/content/code/highlighter.js";
import { Markdown } from "../../src/content/markdown.js";
import { typeset } from "../../src/content/math/mathml.js";
import { PlainText } from "../../src/content/plain-text.js";
import { wrongWith } from "./allowed.js";
import { hostile, large } from "./hostile.js";

const origin = "https://chat.test";
let wrong: string[] = [];
let made = 0;

before(() => {
  Object.assign(globalThis, { document: { baseURI: `${origin}/app/` } });
  options.vnode = (vnode: VNode) => {
    made++;
    if (typeof vnode.type === "string") wrong.push(...complaints(vnode.type, vnode.props));
  };
});

function complaints(name: string, props: Readonly<Record<string, unknown>>): string[] {
  const attributes: Record<string, string> = {};
  for (const [key, value] of Object.entries(props)) {
    if (key === "children" || key === "key" || key === "ref" || value === undefined) continue;
    if (key === "dangerouslySetInnerHTML") return [`markup set on ${name}`];
    if (key.startsWith("on")) {
      if (typeof value !== "function") return [`a listener ${key} of ${name} that is no function`];
    } else if (key === "style") {
      attributes["style"] = Object.entries(value as Record<string, string>).map(([property, text]) => `${property.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}: ${text}`).join("; ").replaceAll("math-color", "color").replaceAll("math-background", "background-color");
    } else {
      attributes[key === "tabIndex" ? "tabindex" : key] = typeof value === "string" ? value : JSON.stringify(value);
    }
  }
  const complaint = wrongWith(name, attributes, origin);
  return complaint === undefined ? [] : [complaint];
}

/** What is wrong with the elements that a rendering makes. */
function complaintsOf(rendering: () => unknown): readonly string[] {
  wrong = [];
  rendering();
  return wrong;
}

test(`${hostile.length} hostile texts make elements and attributes that are allowed, and no others`, () => {
  assert.ok(hostile.length >= 250);
  for (const text of hostile) {
    assert.deepEqual(complaintsOf(() => render(<Markdown text={text} done />)), [], text.slice(0, 200));
    assert.deepEqual(complaintsOf(() => render(<PlainText text={text} />)), [], text.slice(0, 200));
  }
});

test("hostile texts that are still being written make no others either", () => {
  for (const text of hostile) {
    for (let end = 1; end < Math.min(text.length, 200); end += 1 + Math.floor(text.length / 20)) {
      assert.deepEqual(complaintsOf(() => render(<Markdown text={text.slice(0, end)} done={false} />)), [], text.slice(0, end));
    }
  }
});

test("hostile formulas become allowed MathML or stay as they were written", () => {
  for (const text of hostile.filter((one) => one.startsWith("$$\n"))) {
    assert.deepEqual(complaintsOf(() => render(<div>{typeset(text.slice(3, -4), true)}</div>)), [], text.slice(0, 200));
  }
  assert.equal(typeset("\\href{javascript:alert(1)}{x}", false), undefined);
  assert.equal(typeset("\\includegraphics{https://evil.test/x.png}", false), undefined);
  assert.notEqual(typeset("\\frac{1}{2}", false), undefined);
});

test("hostile code is coloured with allowed elements", () => {
  for (const language of ["xml", "css", "javascript", "bash", "json", "csharp"]) {
    for (const text of hostile) {
      assert.deepEqual(complaintsOf(() => render(<div>{highlight(text.slice(0, 2_000), language)}</div>)), [], text.slice(0, 200));
    }
  }
});

test("reading a large hostile text takes work in proportion to its length", () => {
  // marked asks each of its inline rules at each place where something may begin; every one looks at what is ahead.
  const names = ["escape", "tag", "link", "emStrong", "codespan", "br", "del", "autolink", "url", "inlineText"] as const;
  const prototype = Tokenizer.prototype as unknown as Record<string, (src: string, ...rest: unknown[]) => unknown>;
  let looked = 0;
  const kept = names.map((name) => [name, prototype[name]] as const);
  for (const [name, rule] of kept) {
    prototype[name] = function (this: unknown, src: string, ...rest: unknown[]) {
      looked += Math.min(src.length, 4_096);
      return rule?.call(this, src, ...rest);
    };
  }
  try {
    for (const [name, text] of Object.entries(large)) {
      looked = made = 0;
      render(<Markdown text={text} done />);
      assert.ok(looked <= 40_000 * text.length, `${name}: looked at ${looked} characters for ${text.length}`);
      assert.ok(made <= 20 * text.length, `${name}: ${made} nodes for ${text.length} characters`);
    }
  } finally {
    for (const [name, rule] of kept) if (rule !== undefined) prototype[name] = rule;
  }
});
