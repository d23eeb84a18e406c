import { Component } from "preact";
import type { Growing } from "./blocks/growing.js";

export interface Shown<T> {
  readonly of: T;
}

/** Shows what it is given for good, whatever is rendered again around it. */
export abstract class Still<P extends Shown<unknown>> extends Component<P> {
  override shouldComponentUpdate(next: P): boolean {
    return next.of !== this.props.of;
  }
}

/** Shows what may grow, and is rendered again when that changed. */
export abstract class View<P extends Shown<Growing>> extends Still<P> {
  #stop: (() => void) | undefined;

  override componentDidMount(): void {
    if (!this.props.of.closed) this.#stop = this.props.of.listen(() => { this.forceUpdate(); });
  }

  override componentWillUnmount(): void {
    this.#stop?.();
  }
}
