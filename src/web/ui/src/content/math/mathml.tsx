import { type ComponentChildren, createElement } from "preact";
import temml from "temml";
import { safeAttributes, safeElements, safeStyle } from "./allowed.js";

/** What temml builds before it makes DOM or markup of it. */
interface MathNode {
  readonly type?: string;
  readonly text?: string;
  readonly children?: readonly MathNode[];
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly style?: Readonly<Record<string, unknown>>;
}

const { __renderToMathMLTree: render } = temml as unknown as { __renderToMathMLTree: (source: string, options: object) => MathNode };

const LARGEST = 5_000;
/** How many elements a formula may have. */
const MOST_NODES = 4_000;
const DEEPEST = 100;

/** The formula as MathML; `undefined` where it is no formula that can be shown. */
export function typeset(source: string, display: boolean): ComponentChildren {
  if (source.length > LARGEST) return undefined;
  let tree: MathNode;
  try {
    tree = render(source, { displayMode: display, throwOnError: true, trust: false, strict: false, maxExpand: 200, maxSize: [20, 100], annotate: false, macros: {} });
  } catch {
    // It has errors, or is larger than allowed: shown as it was written.
    return undefined;
  }
  const budget = { left: MOST_NODES };
  const element = node(tree, 0, 0, budget);
  return budget.left < 0 ? undefined : element;
}

function node({ type, text, children = [], attributes = {}, style = {} }: MathNode, key: number, depth: number, budget: { left: number }): ComponentChildren {
  if (budget.left-- <= 0 || depth > DEEPEST) {
    budget.left = -1;
    return null;
  }
  if (text !== undefined) return text;
  const inside = children.map((child, index) => node(child, index, depth + 1, budget));
  if (type === undefined || !safeElements.has(type)) return inside;
  const props: Record<string, unknown> = { key };
  for (const [name, value] of Object.entries(attributes)) {
    if (safeAttributes.has(name)) props[name] = String(value);
  }
  const styles = safeStyle(style);
  if (styles !== undefined) props.style = styles;
  return createElement(type, props, ...inside);
}
