/** A random part of a time that doubles. */
export const jitter = (random: number, failures: number) => random * Math.min(10_000, 500 * 2 ** failures);
