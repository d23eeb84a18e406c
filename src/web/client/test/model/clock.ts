/** Time that passes only when it is told to, and chance that can be had again by its seed. */
export class Clock {
  now = Date.parse("2026-11-28T09:00:00.000Z");
  private readonly queue: { at: number; order: number; work: () => void }[] = [];
  private order = 0;

  constructor(readonly random: () => number) {}

  later(work: () => void, ms: number): object {
    const item = { at: this.now + Math.max(0, ms), order: this.order++, work };
    let place = this.queue.length;
    while (place > 0 && (this.queue[place - 1]?.at ?? 0) > item.at) {
      place--;
    }
    this.queue.splice(place, 0, item);
    return item;
  }

  cancel(item: unknown): void {
    const place = this.queue.indexOf(item as never);
    if (place >= 0) {
      this.queue.splice(place, 1);
    }
  }

  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    for (let next = this.queue[0]; next && next.at <= end; next = this.queue[0]) {
      this.queue.shift();
      this.now = next.at;
      next.work();
      await settle();
    }
    this.now = end;
  }

  between(low: number, high: number): number {
    return low + Math.floor(this.random() * (high - low + 1));
  }

  chance(part: number): boolean {
    return this.random() < part;
  }

  pick<T>(from: readonly T[]): T {
    const one = from[Math.floor(this.random() * from.length)];
    if (one === undefined) {
      throw new Error("There is nothing to pick from.");
    }
    return one;
  }
}

/** Until every promise that can go on has gone on. */
export const settle = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
