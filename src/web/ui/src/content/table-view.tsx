import { createRef } from "preact";
import type { InlineText } from "./blocks/inline-text.js";
import type { Part } from "./blocks/parts.js";
import type { Alignment, Row, Table } from "./blocks/table.js";
import { InlineView } from "./inline/inline-view.js";
import { contentText } from "../text/content.js";
import { type Shown, Still, View } from "./view.js";

/**
 * A table in a box of its own that scrolls sideways. A browser lays out a table as a whole, so a long one goes on in one more
 * table, whose columns are as wide as those of the first and which has the same header, for a screen reader alone.
 */
export class TableView extends View<Shown<Table>> {
  readonly #box = createRef<HTMLDivElement>();
  #observer: ResizeObserver | undefined;

  override componentDidUpdate(): void {
    const first = this.#box.current?.querySelector("table");
    if (this.props.of.parts.length < 2 || first === null || first === undefined || this.#observer !== undefined) return;
    this.#observer = new ResizeObserver(() => { this.#measure(first); });
    this.#observer.observe(first);
    this.#measure(first);
  }

  override componentDidMount(): void {
    super.componentDidMount();
    this.componentDidUpdate();
  }

  override componentWillUnmount(): void {
    super.componentWillUnmount();
    this.#observer?.disconnect();
  }

  override render() {
    const { of: table } = this.props;
    const [first, ...further] = table.parts;
    return (
      <div class="content-table" role="group" aria-label={contentText.table} tabIndex={0} ref={this.#box}>
        <table dir="auto">
          <thead><HeaderRow of={table.header} alignments={table.alignments} /></thead>
          {first !== undefined && <tbody><RowsPart of={first} alignments={table.alignments} /></tbody>}
        </table>
        {further.map((part) => <FurtherRows key={part.key} of={part} table={table} />)}
      </div>
    );
  }

  #measure(first: HTMLTableElement): void {
    [...first.querySelectorAll("th")].forEach((cell, index) => {
      this.#box.current?.style.setProperty(`--column-${index}`, `${cell.getBoundingClientRect().width}px`);
    });
  }
}

class FurtherRows extends Still<Shown<Part<Row>> & { readonly table: Table }> {
  override render() {
    const { of: part, table } = this.props;
    return (
      <table class="content-further" dir="auto" aria-label={contentText.tableGoesOn}>
        <colgroup>{table.header.cells.map((cell, index) => <col key={cell.key} style={{ width: `var(--column-${index})` }} />)}</colgroup>
        <thead><HeaderRow of={table.header} alignments={table.alignments} /></thead>
        <tbody><RowsPart of={part} alignments={table.alignments} /></tbody>
      </table>
    );
  }
}

interface Aligned {
  readonly alignments: readonly Alignment[];
}

/** The header is there before the line that says how its columns are aligned. */
class HeaderRow extends View<Shown<Row> & Aligned> {
  override shouldComponentUpdate(next: Aligned): boolean {
    return next.alignments !== this.props.alignments;
  }

  override render() {
    const { of: row, alignments } = this.props;
    return <tr>{row.cells.map((cell, index) => <th key={cell.key} scope="col" class={alignment(alignments[index])}><InlineView of={cell} /></th>)}</tr>;
  }
}

class RowsPart extends View<Shown<Part<Row>> & Aligned> {
  override render() {
    const { of: part, alignments } = this.props;
    return part.children.map((row) => <RowView key={row.key} of={row} alignments={alignments} />);
  }
}

class RowView extends View<Shown<Row> & Aligned> {
  override render() {
    const { of: row, alignments } = this.props;
    return <tr>{row.cells.map((cell: InlineText, index) => <td key={cell.key} class={alignment(alignments[index])}><InlineView of={cell} /></td>)}</tr>;
  }
}

function alignment(of: Alignment): string | undefined {
  return of === undefined ? undefined : `content-${of}`;
}
