/** Whether a soak was flat: the medians of its last third against those of the third before. The first third may settle. */
export interface SoakSample {
  readonly atMs: number;
  /** Events in flight. */
  readonly lag: number;
  readonly processes: readonly {
    readonly name: string;
    readonly residentMb: number;
    readonly handles: number;
  }[];
}

export interface FlatnessRow {
  readonly what: string;
  /** Medians of the second and of the last third. */
  readonly before: number;
  readonly after: number;
  readonly flat: boolean;
}

/** Growth that is no trend yet: a share, and so much on top for small numbers. */
const ALLOWED = {
  memory: { share: 0.1, more: 8 },
  handles: { share: 0, more: 4 },
  lag: { share: 0.5, more: 32 },
} as const;

const FEWEST = 9;

export function flatness(samples: readonly SoakSample[]): {
  readonly rows: readonly FlatnessRow[];
  readonly findings: readonly string[];
} {
  if (samples.length < FEWEST)
    return {
      rows: [],
      findings: [`${samples.length} samples are too few to judge (${FEWEST} at least): soak for longer`],
    };
  const third = Math.floor(samples.length / 3);
  const [second, last] = [samples.slice(-2 * third, -third), samples.slice(-third)];
  const row = (what: string, kind: keyof typeof ALLOWED, of: (s: SoakSample) => number): FlatnessRow => {
    const [before, after] = [median(second.map(of)), median(last.map(of))];
    const { share, more } = ALLOWED[kind];
    return { what, before, after, flat: after <= before * (1 + share) + more };
  };
  const names = samples.at(-1)!.processes.map((p) => p.name);
  const find = (s: SoakSample, name: string): SoakSample["processes"][number] | undefined =>
    s.processes.find((p) => p.name === name);
  const rows = [
    ...names.map((name) => row(`${name}, MB`, "memory", (s) => find(s, name)?.residentMb ?? 0)),
    row("all, MB", "memory", (s) => s.processes.reduce((sum, p) => sum + p.residentMb, 0)),
    ...names.map((name) => row(`${name}, handles`, "handles", (s) => find(s, name)?.handles ?? 0)),
    row("lag, events", "lag", (s) => s.lag),
  ];
  const findings = rows
    .filter((r) => !r.flat)
    .map((r) => `${r.what}: ${r.before.toFixed(0)} in the second third, ${r.after.toFixed(0)} in the last`);
  return { rows, findings };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
