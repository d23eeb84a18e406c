import { type ComponentChildren, Fragment, type JSX } from "preact";
import type { Block, Container, Heading, Html, Item, List, Formula } from "./blocks/blocks.js";
import type { Part } from "./blocks/parts.js";
import type { Piece } from "./blocks/growing-text.js";
import { CodeView } from "./code/code-view.js";
import { FootnoteNumber } from "./inline/reference-views.js";
import { InlineView } from "./inline/inline-view.js";
import { MathView } from "./math/math-view.js";
import { TableView } from "./table-view.js";
import { contentText } from "../text/content.js";
import { type Shown, Still, View } from "./view.js";

/** The blocks of a container. Each part after the first is an element of its own, so that what grows is laid out beside few others. */
export class BlocksView extends View<Shown<Container> & Direction> {
  override render() {
    const { of: { parts }, dir } = this.props;
    return parts.map((part) => part.offset === 0 ? <BlocksPart key={part.key} of={part} dir={dir} /> : <div key={part.key}><BlocksPart of={part} dir={dir} /></div>);
  }
}

/** Of texts: that of their first words, or, in a list, that of the list. An element with a direction of its own says nothing to a list around it. */
interface Direction {
  readonly dir: "auto" | undefined;
}

class BlocksPart extends View<Shown<Part<Block>> & Direction> {
  override render() {
    return this.props.of.children.map((block) => <BlockView key={block.key} of={block} dir={this.props.dir} />);
  }
}

class BlockView extends Still<Shown<Block> & Direction> {
  override render(): ComponentChildren {
    const { of: block, dir } = this.props;
    switch (block.kind) {
      case "paragraph": return <p dir={dir}><InlineView of={block} /></p>;
      case "heading": return <HeadingView heading={block} />;
      case "rule": return <hr />;
      case "quote": return <blockquote><BlocksView of={block} dir="auto" /></blockquote>;
      case "list": return <ListView of={block} />;
      case "code": return <CodeView of={block} />;
      case "html": return <HtmlView of={block} />;
      case "formula": return <FormulaView of={block} />;
      case "table": return <TableView of={block} />;
      case "footnote": return <FootnoteNumber note={block}><BlocksView of={block} dir="auto" /></FootnoteNumber>;
    }
  }
}

/** Headings of a text are below those of the page, which has one of level 1 and one of level 2 for a conversation. */
function HeadingView({ heading }: { readonly heading: Heading }) {
  const Tag = `h${Math.min(6, heading.level + 2)}` as "h3";
  return <Tag dir="auto" class={`content-h${heading.level}`}><InlineView of={heading} /></Tag>;
}

/** Lists in a row before one more element holds the next ones. */
const LISTS = 12;

/** A long list goes on in one more list, so that an item is laid out beside few others. */
class ListView extends View<Shown<List>> {
  override render() {
    const { parts } = this.props.of;
    const groups = Array.from({ length: Math.ceil(parts.length / LISTS) }, (_, index) => parts.slice(index * LISTS, (index + 1) * LISTS).map((part) => this.#list(part)));
    return groups.map((lists, index) => index === 0 ? <Fragment key={index}>{lists}</Fragment> : <div key={index} class="content-on">{lists}</div>);
  }

  #list(part: Part<Item>) {
    const { start } = this.props.of;
    return start === undefined
      ? <ul key={part.key} dir="auto"><ListPart of={part} /></ul>
      : <ol key={part.key} dir="auto" start={start + part.offset}><ListPart of={part} /></ol>;
  }
}

class ListPart extends View<Shown<Part<Item>>> {
  override render() {
    return this.props.of.children.map((item) => <ItemView key={item.key} of={item} />);
  }
}

class ItemView extends Still<Shown<Item>> {
  override render() {
    const { of: item } = this.props;
    const { task, apart } = item.style;
    return (
      <li class={[task === undefined ? "" : "content-task", apart ? "content-apart" : ""].join(" ").trim() || undefined}>
        {task !== undefined && <TaskBox done={task === "done"} />}
        <BlocksView of={item} dir={undefined} />
      </li>
    );
  }
}

function TaskBox({ done }: { readonly done: boolean }) {
  return <span class="content-box" role="img" aria-label={done ? contentText.taskDone : contentText.taskOpen}>{done ? "✓" : ""}</span>;
}

class HtmlView extends View<Shown<Html>> {
  override render() {
    return <div class="content-html" dir="auto">{this.props.of.pieces.map((piece) => <SourcePiece key={piece.key} of={piece} />)}</div>;
  }
}

export class SourcePiece extends View<Shown<Piece>> {
  override render(): JSX.Element {
    return <span>{this.props.of.text}</span>;
  }
}

class FormulaView extends View<Shown<Formula>> {
  override render() {
    const { of: formula } = this.props;
    const [opening, closing] = formula.closing === "$$" ? ["$$", "$$"] : ["\\[", "\\]"];
    const written = `${opening}${String(formula)}${formula.finished ? closing : ""}`;
    return <p dir="ltr">{formula.finished ? <MathView source={String(formula)} display written={written} /> : <code class="content-source content-formula">{written}</code>}</p>;
  }
}
