import { Growing } from "./growing.js";

/** Children of one part: an element of its own in the page, so that one more child costs the same however many came before. */
const PART_SIZE = 64;

export class Part<T> extends Growing {
  readonly children: T[] = [];

  constructor(
    /** How many children stand in the parts before. */
    readonly offset: number,
  ) {
    super();
  }

  add(child: T): void {
    this.children.push(child);
    this.changed();
  }

  replaceLast(child: T | undefined): void {
    this.children.pop();
    if (child !== undefined) this.children.push(child);
    this.changed();
  }
}

/** A long row of children, in parts of a fixed size, of which only the last one grows. */
export class Parts<T> extends Growing {
  readonly parts: Part<T>[] = [];

  get last(): T | undefined {
    return this.parts.at(-1)?.children.at(-1);
  }

  add(child: T): void {
    const part = this.parts.at(-1);
    if (part !== undefined && part.children.length < PART_SIZE) {
      part.add(child);
      return;
    }
    const next = new Part<T>((part?.offset ?? 0) + (part?.children.length ?? 0));
    next.add(child);
    this.parts.push(next);
    part?.close();
    this.changed();
  }

  replaceLast(child: T | undefined): void {
    this.parts.at(-1)?.replaceLast(child);
  }

  override close(): void {
    this.parts.at(-1)?.close();
    super.close();
  }
}
