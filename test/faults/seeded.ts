import { seededRandom } from "#testing";

/** Randomness that is the same at every run of a seed. */
export interface Random {
  /** 0 ≤ x < 1. */
  (): number;
  /** A whole number, `from` ≤ n ≤ `to`. */
  int(from: number, to: number): number;
  one<T>(of: readonly T[]): T;
  shuffled<T>(of: readonly T[]): T[];
}

/** A stream of its own per seed and name. */
export function seeded(seed: number, name: string): Random {
  let a = seed >>> 0;
  for (const c of name) a = Math.imul(a ^ c.charCodeAt(0), 0x01000193) >>> 0;
  const next = seededRandom(a);
  const int = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return Object.assign(next, {
    int,
    one: <T>(of: readonly T[]): T => of[int(0, of.length - 1)]!,
    shuffled: <T>(of: readonly T[]): T[] => {
      const list = [...of];
      for (let i = list.length - 1; i > 0; i--) {
        const j = int(0, i);
        [list[i], list[j]] = [list[j]!, list[i]!];
      }
      return list;
    },
  });
}
