/**
 * Workload W1: a seeded list of bank events, the same for every system that is measured with it. The order of the draws
 * is part of the format: a changed order is another list (the unit test holds its checksum).
 */
export const W1_TYPES = [
  "payment.failed",
  "transfer.initiated",
  "card.purchase",
  "loan.page_viewed",
  "card.not_activated",
] as const;
export type W1Type = (typeof W1_TYPES)[number];

export interface W1Event {
  readonly eventId: string;
  readonly customerId: string;
  readonly type: W1Type;
  /** ISO time, strictly increasing over the distinct events. */
  readonly occurredAt: string;
  readonly payload: {
    readonly amount: number;
    readonly currency: string;
    readonly category: string;
    readonly merchant: string;
    readonly device: string;
    readonly sessionId: string;
    readonly note: string;
  };
}

export interface WorkloadOptions {
  /** Distinct events. */
  readonly n: number;
  readonly customers: number;
  /** Zipf exponent over the customers; 0 draws them alike. */
  readonly zipf: number;
  /** Share of the events that is delivered twice. */
  readonly duplicates: number;
  /** Event time that the list covers. */
  readonly spanHours: number;
  readonly seed: number;
  /** Of customer ids: each measurement has customers of its own. */
  readonly prefix: string;
}

export const W1_DEFAULTS: WorkloadOptions = {
  n: 20_000,
  customers: 5_000,
  zipf: 1,
  duplicates: 0.02,
  spanHours: 48,
  seed: 42,
  prefix: "c",
};

/** The second copy of an event comes within this many events after the first. */
const DUPLICATE_DISTANCE = 64;
const FIRST_AT = Date.UTC(2025, 0, 6);
const CATEGORIES = ["grocery", "travel", "fuel", "dining", "online", "health"];
const NOTE = "x".repeat(110);

/** mulberry32: numbers from 0 (included) to 1 (excluded). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Id of the k-th customer, from 1. */
export function customerIdOf(prefix: string, k: number): string {
  return `${prefix}${String(k).padStart(6, "0")}`;
}

/** The events in the order of publishing, second copies included (the same object twice). */
export function workload(options: Partial<WorkloadOptions> = {}): W1Event[] {
  const o = { ...W1_DEFAULTS, ...options };
  const random = seededRandom(o.seed);
  const customer = zipfRank(o.customers, o.zipf, random);
  const stepMs = (o.spanHours * 3_600_000) / o.n;
  const placed: { readonly position: number; readonly event: W1Event }[] = [];
  for (let i = 0; i < o.n; i++) {
    const event = drawEvent(i, random, () => customerIdOf(o.prefix, customer()), stepMs);
    placed.push({ position: i, event });
    if (random() < o.duplicates) {
      placed.push({ position: i + 0.5 + Math.floor(random() * DUPLICATE_DISTANCE), event });
    }
  }
  return placed.sort((a, b) => a.position - b.position).map((p) => p.event);
}

function drawEvent(i: number, random: () => number, customer: () => string, stepMs: number): W1Event {
  const hex32 = (): string => hex(random() * 2 ** 32);
  return {
    eventId: `evt_${hex32()}${hex(i)}`,
    customerId: customer(),
    type: W1_TYPES[Math.floor(random() * W1_TYPES.length)]!,
    occurredAt: new Date(FIRST_AT + Math.floor(i * stepMs)).toISOString(),
    payload: {
      amount: Math.round(random() * 50_000) / 100,
      currency: "EUR",
      category: CATEGORIES[Math.floor(random() * CATEGORIES.length)]!,
      merchant: `merchant-${Math.floor(random() * 10_000)}`,
      device: random() < 0.7 ? "ios-17.4.1" : "android-14",
      sessionId: hex32() + hex32(),
      note: NOTE,
    },
  };
}

/** Draws ranks from 1: rank k with a weight of 1 / k^exponent. */
function zipfRank(ranks: number, exponent: number, random: () => number): () => number {
  const upTo = new Float64Array(ranks);
  let total = 0;
  for (let k = 0; k < ranks; k++) upTo[k] = total += 1 / (k + 1) ** exponent;
  return () => {
    const wanted = random() * total;
    let low = 0;
    let high = ranks - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (upTo[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}

const hex = (x: number): string => (x >>> 0).toString(16).padStart(8, "0");
