/** What a check finds. */
/** Design §8, and `docs/architecture.md`. */
export type Invariant = "I1" | "I2" | "I3" | "I4" | "I5" | "I6" | "I7" | "I8" | "I11";

export interface Violation {
  readonly invariant: Invariant;
  readonly customerId?: string;
  readonly expected: string;
  /** What each ledger says. */
  readonly found: readonly string[];
}

/** Collects violations of one invariant. */
export type Report = (
  invariant: Invariant,
  customerId: string | undefined,
  expected: string,
  ...found: string[]
) => void;

export function groupBy<T>(items: Iterable<T>, key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
