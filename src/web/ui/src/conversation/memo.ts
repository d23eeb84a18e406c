import { Component, type ComponentChild, type ComponentType, type VNode, h } from "preact";

/** Renders again only when a prop is another one; an array counts by its elements. */
export function memo<P extends object>(component: (props: P) => VNode | null): ComponentType<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      return !equal(this.props, next);
    }

    override render(): ComponentChild {
      return h(component, this.props as P);
    }
  };
}

function equal(one: object, other: object): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => same(one[name as keyof typeof one], other[name as keyof typeof other]));
}

function same(one: unknown, other: unknown): boolean {
  return one === other || (Array.isArray(one) && Array.isArray(other) && one.length === other.length && one.every((item, index) => item === other[index]));
}
