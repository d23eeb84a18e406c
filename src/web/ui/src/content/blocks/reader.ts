import { Code, type Container, Footnote, Formula, Heading, Html, Item, type Leaf, List, Paragraph, Quote, Root, Rule } from "./blocks.js";
import { Line } from "./line.js";
import { type ContainerStart, type Content, type Plan, planLine } from "./plan.js";
import { type Definition, Labels } from "./references.js";
import { type Alignment, Row, Table } from "./table.js";

/** What a line is must be decided within that many characters. */
const LONGEST_START = 4_000;

/**
 * Reads the blocks of a Markdown text that comes in pieces. Every line is looked at once: as soon as it is
 * decided what the line is, the rest of it goes to its block as it comes; until then nothing of it is shown.
 */
export class Reader {
  readonly root = new Root();
  readonly definitions = new Labels<Definition>();
  readonly notes = new Labels<Footnote>();
  readonly #open: (Container | List)[] = [this.root];
  #leaf: Leaf | undefined;
  /** The paragraph that goes on if a line that begins with a pipe is no table. */
  #interrupted: Paragraph | undefined;
  #afterBlank = false;
  #held = "";
  /** Where the rest of the current line goes. */
  #sink: { append(text: string): void } | undefined;
  #heading: Heading | undefined;
  #row: Row | undefined;

  append(text: string): void {
    const clean = text.replace(/\r/g, "").replace(/\0/g, "\ufffd");
    let from = 0;
    for (let end = clean.indexOf("\n"); end >= 0; end = clean.indexOf("\n", from)) {
      this.#take(clean.slice(from, end), true);
      from = end + 1;
    }
    if (from < clean.length) this.#take(clean.slice(from), false);
  }

  end(): void {
    if (this.#held !== "" || this.#sink !== undefined) this.#take("", true);
    this.#settleTable();
    this.#closeTo(0);
  }

  #take(text: string, complete: boolean): void {
    if (this.#sink !== undefined) {
      this.#sink.append(text);
    } else {
      this.#held += text;
      const head = this.#held.slice(0, LONGEST_START);
      const whole = head.length === this.#held.length;
      const state = { open: this.#open, leaf: this.#leaf };
      const plan = planLine(new Line(head, complete && whole), state) ?? (whole ? undefined : planLine(new Line(head, true), state));
      if (plan === undefined) return;
      this.#follow(plan);
      const rest = this.#held.slice(head.length);
      this.#held = "";
      if (rest !== "") (this.#sink ??= this.#leaf ?? this.#add(new Paragraph())).append(rest);
    }
    if (complete) this.#endLine();
  }

  #endLine(): void {
    this.#heading?.close();
    this.#row?.end();
    if (this.#leaf?.kind === "html" && this.#sink === this.#leaf) {
      if (this.#leaf.end?.test(this.#leaf.line)) this.#closeLeaf();
      else this.#leaf.line = "";
    }
    this.#sink = this.#heading = this.#row = undefined;
  }

  #follow({ matched, starts, content }: Plan): void {
    const afterBlank = this.#afterBlank;
    this.#afterBlank = content.kind === "blank";
    if (content.kind === "delimiter") {
      this.#confirmTable(content.alignments);
      return;
    }
    this.#settleTable();
    this.#closeTo(matched);
    const stays = content.kind === "more" || content.kind === "underline" || content.kind === "formulaEnd";
    if (content.kind === "row" && starts.length === 0 && this.#leaf?.kind === "paragraph") this.#interrupted = this.#leaf;
    else if (!stays) this.#closeLeaf();
    for (const start of starts) this.#begin(start, afterBlank);
    this.#place(content);
  }

  #begin(start: ContainerStart, afterBlank: boolean): void {
    if (start.kind === "item") {
      const list = this.#list(start);
      const item = new Item({ ...start, apart: afterBlank && list.last !== undefined });
      list.add(item);
      this.#open.push(item);
      return;
    }
    const container = start.kind === "quote" ? new Quote() : new Footnote(start.label, this.notes.size + 1);
    if (container.kind === "footnote") this.notes.define(container.label, container);
    this.#container().add(container);
    this.#open.push(container);
  }

  #list({ mark, number }: { mark: string; number?: number }): List {
    const open = this.#open.at(-1);
    if (open?.kind === "list" && open.mark === mark) return open;
    const list = new List(mark, number);
    this.#container().add(list);
    this.#open.push(list);
    return list;
  }

  /** Where the next block goes; a list whose items it does not belong to ends before it. */
  #container(): Container {
    if (this.#open.at(-1)?.kind === "list") this.#closeTo(this.#open.length - 1);
    return this.#open.at(-1) as Container;
  }

  #place(content: Content): void {
    switch (content.kind) {
      case "blank": case "delimiter": case "codeEnd":
        break;
      case "more":
        this.#more(content.text);
        break;
      case "formulaEnd":
        this.#endFormula(content.text);
        break;
      case "underline":
        this.#underline(content.level);
        break;
      case "text":
        this.#sink = this.#add(new Paragraph());
        this.#sink.append(content.text);
        break;
      case "row":
        this.#sink = this.#add(new Table());
        this.#sink.append(content.text);
        break;
      case "heading":
        this.#sink = this.#heading = new Heading(content.level, content.text);
        this.#container().add(this.#heading);
        break;
      case "rule":
        this.#container().add(new Rule());
        break;
      case "definition":
        this.definitions.define(content.label, content);
        break;
      case "code":
        this.#add(new Code(content.language, { mark: content.mark, indent: content.indent }));
        break;
      case "indented":
        this.#add(new Code(""));
        this.#more(content.text);
        break;
      case "html":
        this.#add(new Html(content.end));
        this.#more(content.text);
        break;
      case "formula":
        this.#add(new Formula(content.closing));
        if (content.closed) this.#endFormula(content.source);
        else this.#more(content.source);
    }
  }

  #add<T extends Leaf>(leaf: T): T {
    this.#container().add(leaf);
    this.#leaf = leaf;
    return leaf;
  }

  /** One more line of the open leaf. */
  #more(text: string): void {
    const leaf = this.#leaf;
    if (leaf?.kind === "table") {
      this.#row = new Row(leaf.header.cells.length);
      leaf.add(this.#row);
    }
    this.#sink = this.#row ?? leaf;
    if (leaf?.kind === "paragraph") leaf.append("\n");
    else if (leaf?.kind === "code") leaf.nextCodeLine(text);
    else if (leaf !== undefined && leaf.kind !== "table") leaf.nextLine();
    this.#sink?.append(text);
  }

  #endFormula(text: string): void {
    if (this.#leaf?.kind !== "formula") return;
    this.#leaf.nextLine();
    this.#leaf.append(text);
    this.#leaf.finished = true;
    this.#closeLeaf();
  }

  #underline(level: 1 | 2): void {
    const heading = new Heading(level, this.#leaf?.kind === "paragraph" ? this.#leaf.toString() : "");
    this.#container().replaceLast(heading);
    heading.close();
    this.#leaf = undefined;
  }

  #confirmTable(alignments: readonly Alignment[]): void {
    let table = this.#leaf;
    if (table?.kind === "paragraph") {
      const header = table.header ?? "";
      table = new Table();
      table.append(header);
      this.#container().replaceLast(table);
      this.#leaf = table;
    }
    if (table?.kind === "table") table.confirm(alignments);
    this.#interrupted?.close();
    this.#interrupted = undefined;
  }

  /** What looked like a header and is none is text. */
  #settleTable(): void {
    const table = this.#leaf;
    if (table?.kind !== "table" || !table.provisional) return;
    const paragraph = this.#interrupted ?? new Paragraph();
    this.#container().replaceLast(this.#interrupted === undefined ? paragraph : undefined);
    if (this.#interrupted !== undefined) paragraph.append("\n");
    paragraph.append(table.source);
    this.#leaf = paragraph;
    this.#interrupted = undefined;
  }

  #closeLeaf(): void {
    this.#leaf?.close();
    this.#leaf = undefined;
  }

  #closeTo(count: number): void {
    if (this.#open.length > count) this.#closeLeaf();
    while (this.#open.length > count) this.#open.pop()?.close();
  }
}
