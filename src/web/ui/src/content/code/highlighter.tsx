import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import type { ComponentChildren } from "preact";
import { visibleControls } from "./visible-controls.js";

const languages = { bash, c, cpp, csharp, css, diff, go, java, javascript, json, python, rust, sql, typescript, xml, yaml };
for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language);

/** What highlight.js builds before it makes HTML of it, of which it has no public type. */
interface Scope {
  readonly scope?: string;
  readonly children: readonly (Scope | string)[];
}

/** The code with its parts named by class; `undefined` for a language that is not known. */
export function highlight(code: string, language: string): ComponentChildren {
  const name = language.toLowerCase();
  if (hljs.getLanguage(name) === undefined) return undefined;
  const { _emitter: emitter } = hljs.highlight(code, { language: name, ignoreIllegals: true });
  return nodes((emitter as unknown as { root: Scope }).root.children);
}

function nodes(children: Scope["children"]): ComponentChildren {
  return children.map((child, index) => {
    if (typeof child === "string") return visibleControls(child);
    const scope = /^[a-z-]+/.exec(child.scope ?? "")?.[0] ?? "";
    return scope === "" || scope === "language" ? nodes(child.children) : <span key={index} class={`code-${scope}`}>{nodes(child.children)}</span>;
  });
}
