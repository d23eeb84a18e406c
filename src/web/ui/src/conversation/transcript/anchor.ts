/** How deep below an entry the anchor is looked for: a paragraph, a list item, a step of a timeline. */
const DEPTH = 8;

/** A block on the screen and where it stood; a long answer is anchored at the paragraph that is read, not at its begin. */
export class Anchor {
  private constructor(
    private readonly path: readonly HTMLElement[],
    private readonly tops: readonly number[],
  ) {}

  static of(element: HTMLElement, box: HTMLElement): Anchor {
    return new Anchor([element], [topIn(element, box)]);
  }

  /** The blocks at the upper edge of the box, from the entry to the innermost one. */
  static atTopOf(box: HTMLElement, content: HTMLElement): Anchor | undefined {
    const edge = box.getBoundingClientRect().top;
    const path: HTMLElement[] = [];
    for (let parent = content; path.length < DEPTH; ) {
      const child = lasting(firstBelow(parent.children, edge));
      if (child === undefined) {
        break;
      }

      path.push(child);
      parent = child;
    }

    return path.length === 0 ? undefined : new Anchor(path, path.map((element) => topIn(element, box)));
  }

  get isConnected(): boolean {
    return this.path[0]?.isConnected === true;
  }

  /** By how many pixels it has moved down since it was taken. */
  moved(box: HTMLElement): number {
    const index = this.path.findLastIndex((element) => element.isConnected && element.getClientRects().length > 0);
    const element = this.path[index];
    const top = this.tops[index];
    return element === undefined || top === undefined ? 0 : topIn(element, box) - top;
  }
}

function topIn(element: HTMLElement, box: HTMLElement): number {
  return element.getBoundingClientRect().top - box.getBoundingClientRect().top;
}

/** What comes and goes with what is loaded, as the line that says so, is no hold. */
function lasting(element: HTMLElement | undefined): HTMLElement | undefined {
  return element?.dataset["passing"] === undefined ? element : element.nextElementSibling instanceof HTMLElement ? lasting(element.nextElementSibling) : undefined;
}

/** The first child that ends below `edge`. Children stand one below the other, so half of them can be left out with each look. */
function firstBelow(children: HTMLCollection, edge: number): HTMLElement | undefined {
  let low = 0;
  let high = children.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const rect = children.item(middle)?.getBoundingClientRect();
    if (rect !== undefined && rect.bottom > edge + 1) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }

  const child = children.item(low);
  return child instanceof HTMLElement && child.getClientRects().length > 0 ? child : undefined;
}
