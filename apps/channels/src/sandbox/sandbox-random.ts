/** Seeded numbers: the same seed and names always give the same sequence. */
import { fnv1a32 } from "#contracts";

export interface Draw {
  /** In [0, 1). */
  next(): number;
  chance(probability: number): boolean;
  /** Between two bounds, short times being likelier than long ones; whole milliseconds. */
  durationMs(range: readonly [number, number]): number;
}

/** mulberry32 (public domain, Tommy Ettinger), seeded by the FNV-1a hash of the names. */
export function drawFor(seed: string, ...names: readonly (string | number)[]): Draw {
  let state = fnv1a32([seed, ...names].join("|"));
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    chance: (probability) => next() < probability,
    durationMs: ([min, max]) => Math.round(min + (max - min) * next() ** 2),
  };
}
