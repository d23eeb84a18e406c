import assert from "node:assert/strict";
import { test } from "node:test";
import { render } from "preact-render-to-string";
import { h } from "preact";
import { Markdown } from "../../src/content/markdown.js";

/** What is shown of a text that is still being written, spans that only group left out. */
function shown(text: string): string {
  Object.assign(globalThis, { document: { baseURI: "https://chat.test/" } });
  return render(h(Markdown, { text, done: false })).replace(/^<div class="content">|<\/div>$/g, "").replace(/<\/?span>| dir="auto"| target="_blank"| rel="[^"]*"| title="[^"]*"/g, "");
}

const table: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  "strong text is strong from its first letter": [
    ["a *", "<p>a </p>"], ["a **", "<p>a </p>"], ["a **b", "<p>a <strong>b</strong></p>"], ["a **b c", "<p>a <strong>b c</strong></p>"], ["a **b *", "<p>a <strong>b</strong> </p>"],
    ["a **b**", "<p>a <strong>b</strong></p>"], ["a **b** c", "<p>a <strong>b</strong> c</p>"],
  ],
  "emphasis in strong text": [["**a *b", "<p><strong>a <em>b</em></strong></p>"], ["**a *b* c", "<p><strong>a <em>b</em> c</strong></p>"], ["***a", "<p><em><strong>a</strong></em></p>"]],
  "underscores within words mean nothing": [["snake_", "<p>snake</p>"], ["snake_case", "<p>snake_case</p>"], ["_a", "<p><em>a</em></p>"]],
  "a star between spaces is a star": [["2 * 3", "<p>2 * 3</p>"]],
  "strikethrough": [["~~a", "<p><del>a</del></p>"], ["~~a~", "<p><del>a</del></p>"], ["~~a~~", "<p><del>a</del></p>"]],
  "code": [["a `", "<p>a </p>"], ["a `b", "<p>a <code>b</code></p>"], ["a `b` c", "<p>a <code>b</code> c</p>"], ["a ``b `c", "<p>a <code>b `c</code></p>"], ["`**a", "<p><code>**a</code></p>"]],
  "a link is its text until its address is there": [
    ["a [", "<p>a </p>"], ["a [b", "<p>a <span class=\"content-link\">b</p>"], ["a [b]", "<p>a <span class=\"content-link\">b</p>"], ["a [b](", "<p>a <span class=\"content-link\">b</p>"],
    ["a [b](https://c.d/e", "<p>a <span class=\"content-link\">b</p>"], ["a [b](/e)", "<p>a <a href=\"https://chat.test/e\">b</a></p>"], ["a [b] c", "<p>a [b] c</p>"],
  ],
  "an image is nothing until its address is there": [["a ![", "<p>a </p>"], ["a ![b](/c", "<p>a </p>"], ["a ![b](/c)", "<p>a <img src=\"https://chat.test/c\" alt=\"b\" loading=\"lazy\" decoding=\"async\"/></p>"]],
  "a formula is its source until it is closed": [["a \\", "<p>a </p>"], ["a \\(b_1", "<p>a <span class=\"content-source\">\\(b_1</p>"], ["a $b_1 + c_2", "<p>a <span class=\"content-source\">$b_1 + c_2</p>"], ["a $5 and _b", "<p>a $5 and <em>b</em></p>"]],
  "a break": [["a <", "<p>a </p>"], ["a <b", "<p>a </p>"], ["a <br", "<p>a </p>"], ["a <br>", "<p>a <br/></p>"], ["a <b>", "<p>a &lt;b></p>"]],
  "a heading": [["#", ""], ["# ", ""], ["# a", "<h3 class=\"content-h1\">a</h3>"], ["#a", "<p>#a</p>"], ["# a **b", "<h3 class=\"content-h1\">a <strong>b</strong></h3>"]],
  "a mark at the beginning of a line": [["-", ""], ["- ", ""], ["- a", "<ul><li><p>a</p></li></ul>"], ["--", ""], ["---\n", "<hr/>"], ["*", ""], ["**a", "<p><strong>a</strong></p>"], ["1", ""], ["1.", ""], ["1. a", "<ol start=\"1\"><li><p>a</p></li></ol>"], ["12 a", "<p>12 a</p>"]],
  "a line under a paragraph": [["a\n", "<p>a</p>"], ["a\n-", "<p>a</p>"], ["a\n--", "<p>a</p>"], ["a\n---\n", "<h4 class=\"content-h2\">a</h4>"], ["a\n- b", "<p>a</p><ul><li><p>b</p></li></ul>"]],
  "a task": [["- [", ""], ["- [x", ""], ["- [x]", ""], ["- [x] ", ""], ["- [x] a", "<ul><li class=\"content-task\"><span class=\"content-box\" role=\"img\" aria-label=\"Done:\">✓<p>a</p></li></ul>"], ["- [a", ""], ["- [a](b) c", "<ul><li><p><a href=\"https://chat.test/b\">a</a> c</p></li></ul>"]],
  "a definition": [["[a", ""], ["[a]: /b", ""], ["[a]: /b\n", ""], ["[a]: /b\n\n[a] c", "<p><a href=\"https://chat.test/b\">a</a> c</p>"]],
};

for (const [name, prefixes] of Object.entries(table)) {
  test(name, () => {
    for (const [text, expected] of prefixes) assert.equal(shown(text), expected, text);
  });
}

test("a table is one from its first bar on", () => {
  for (const text of ["| a", "| a | b |", "| a | b |\n", "| a | b |\n|-", "| a | b |\n|---|---|", "| a | b |\n|---|---|\n", "| a | b |\n|---|---|\n| c"]) {
    assert.match(shown(text), /^<div class="content-table"[^>]*><table><thead><tr><th scope="col">a<\/th>/, text);
  }
  assert.equal(shown("| a | b |\nno table"), "<p>| a | b |\nno table</p>");
});

test("code is code from the end of the line that opens it", () => {
  for (const text of ["```", "```js"]) assert.equal(shown(text), "", text);
  for (const text of ["```js\n", "```js\na", "```js\na\n`", "```js\na\n``", "```js\na\n```", "```js\na\n```\n"]) {
    assert.match(shown(text), /^<figure class="content-code" dir="ltr"><figcaption>js<button.*<code>(<span class="content-lines">a)?<\/code><\/pre><\/figure>$/, text);
  }
});
