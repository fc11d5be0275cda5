import fc from "fast-check";
import { contextV1, windowV1, type WindowDefinition, type WindowState } from "#contracts";
import { emptyContext, viewOf } from "./context.js";
import { readWindow, readWindows, recordInWindow, withWindow } from "./windows.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MS = { "1h": HOUR, "6h": 6 * HOUR, "7d": 7 * DAY, "90d": 90 * DAY } as const;
type Length = keyof typeof MS;

const windowOf = (measure: WindowDefinition["measure"], window: Length): WindowDefinition =>
  windowV1.parse({
    id: "w",
    event: "card.paid",
    measure,
    window,
    ...(measure === "sum" || measure === "distinct" ? { of: "event.data.x" } : {}),
  });

/** An event that happened `late` ms before the time at which it was applied; then nothing for `pause` ms. */
interface Came {
  readonly pause: number;
  readonly late: number;
  readonly value: number;
}

/** Mostly short against the window, now and then longer than all of it. */
const came = (windowMs: number, values: number): fc.Arbitrary<Came> =>
  fc.record({
    pause: fc.oneof(
      { weight: 9, arbitrary: fc.nat(Math.floor(windowMs / 10)) },
      { weight: 1, arbitrary: fc.nat(windowMs * 3) },
    ),
    late: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: -HOUR, max: windowMs * 2 })),
    value: fc.integer({ min: -values, max: values }),
  });

/** Runs events through a window; after each, what it says and what events there were, with their ages. */
function run(
  definition: WindowDefinition,
  events: readonly Came[],
  each: (
    said: number,
    past: readonly { readonly age: number; readonly value: number }[],
    now: number,
  ) => void,
): void {
  let now = Date.parse("2026-01-05T10:00:00Z");
  let state: WindowState | undefined;
  const all: { time: number; value: number }[] = [];
  for (const { pause, late, value } of events) {
    state = recordInWindow(state, definition, value, now - late, now);
    all.push({ time: Math.min(now - late, now), value });
    for (const at of [now, now + pause]) {
      const past = all.map((e) => ({ age: at - e.time, value: e.value }));
      each(readWindow(state, at), past, at);
    }
    now += pause;
  }
}

const lengths = fc.constantFrom(...(Object.keys(MS) as Length[]));
const cases = (values: number): fc.Arbitrary<[Length, Came[]]> =>
  lengths.chain((l) => fc.tuple(fc.constant(l), fc.array(came(MS[l], values), { maxLength: 60 })));
/** Longest that an event may count beyond its window: a bucket, which is a 31st, up to a millisecond. */
const beyond = (window: Length): number => MS[window] + Math.ceil(MS[window] / 31) + 32;

describe("rolling windows against a naive model that keeps every event", () => {
  it("count every event for at least the window, none for more than a bucket longer", () => {
    fc.assert(
      fc.property(cases(9), ([window, events]) => {
        run(windowOf("count", window), events, (said, past) => {
          expect(said).toBeGreaterThanOrEqual(past.filter((e) => e.age < MS[window]).length);
          expect(said).toBeLessThanOrEqual(past.filter((e) => e.age <= beyond(window)).length);
        });
      }),
      { numRuns: 300 },
    );
  });

  it("add up exactly the events of the buckets that they still hold", () => {
    fc.assert(
      fc.property(cases(1_000_000), ([window, events]) => {
        const bucketMs = Math.ceil(MS[window] / 31);
        run(windowOf("sum", window), events, (said, past, now) => {
          const held = past.filter(
            (e) => Math.floor(now / bucketMs) - Math.floor((now - e.age) / bucketMs) < 32,
          );
          expect(said).toBe(held.reduce((sum, e) => sum + e.value, 0));
        });
      }),
      { numRuns: 300 },
    );
  });

  it("know the time of the last event to the millisecond, and 0 once it is over", () => {
    fc.assert(
      fc.property(cases(9), ([window, events]) => {
        run(windowOf("last", window), events, (said, past, now) => {
          const youngest = Math.min(...past.map((e) => e.age));
          expect(said).toBe(youngest < MS[window] ? now - youngest : 0);
        });
      }),
      { numRuns: 300 },
    );
  });

  it("tell few distinct values nearly exactly, and forget them in time", () => {
    fc.assert(
      fc.property(cases(5), ([window, events]) => {
        run(windowOf("distinct", window), events, (said, past) => {
          const least = new Set(past.filter((e) => e.age < MS[window]).map((e) => e.value)).size;
          const most = new Set(past.filter((e) => e.age <= beyond(window)).map((e) => e.value)).size;
          // The eleven values of this test fall into eleven slots: only the estimate's rounding remains.
          expect(said).toBeGreaterThanOrEqual(least);
          expect(said).toBeLessThanOrEqual(Math.round(128 * Math.log(128 / (128 - most))));
        });
      }),
      { numRuns: 300 },
    );
  });
});

describe("distinct values", () => {
  const definition = windowOf("distinct", "7d");
  const sketch = (values: readonly string[], now = 0): WindowState =>
    values.reduce<WindowState | undefined>((s, v) => recordInWindow(s, definition, v, now, now), undefined)!;

  it.each([
    [16, 0.08],
    [64, 0.08],
    [128, 0.08],
    [384, 0.15],
  ])("of %d values the estimate is off by %d in the root mean square", (n, error) => {
    let squares = 0;
    const rounds = 200;
    for (let r = 0; r < rounds; r++) {
      const said = readWindow(sketch(Array.from({ length: n }, (_, i) => `merchant-${r}-${i}`)), 0);
      squares += ((said - n) / n) ** 2;
    }
    expect(Math.sqrt(squares / rounds)).toBeLessThan(error);
  });

  it("are never said to be more than 621", () => {
    expect(readWindow(sketch(Array.from({ length: 5_000 }, (_, i) => `m${i}`)), 0)).toBe(621);
  });

  it("do not come back when their slot's bucket number does", () => {
    const bucketMs = Math.ceil((7 * DAY) / 31);
    let state = sketch(["old"]);
    for (let b = 1; b <= 130; b++)
      state = recordInWindow(state, definition, "new", b * bucketMs, b * bucketMs);
    expect(readWindow(state, 130 * bucketMs)).toBe(1);
    expect(readWindow(state, (130 + 63) * bucketMs)).toBe(0);
  });
});

describe("windows in a context", () => {
  const N = 12;
  const definitions = Array.from({ length: N }, (_, i) => ({
    ...windowOf((["count", "sum", "distinct", "last"] as const)[i % 4]!, "90d"),
    id: `window-${i}`,
  }));

  /** Bytes of a context after so many events, of odd amounts. */
  function bytesAfter(events: number): number {
    let context = { ...emptyContext("c1"), now: Date.parse("2026-01-05T10:00:00Z") };
    for (let i = 0; i < events; i++) {
      context.now += 53 * 60_000;
      const { now } = context;
      for (const d of definitions) {
        const state = recordInWindow(context.windows?.[d.id], d, 0.1 + (i % 977) * 7_919.3, now, now);
        context = { ...context, windows: withWindow(context.windows, d.id, state, () => true) };
      }
    }
    const text = JSON.stringify(context);
    expect(contextV1.parse(JSON.parse(text))).toEqual(context);
    return text.length;
  }

  it("take constant memory, however many events come", () => {
    // 90 days of events fill every bucket; after them nothing grows but digits of the sums.
    const full = bytesAfter(3_000);
    expect(bytesAfter(9_000)).toBeLessThanOrEqual(full * 1.02);
    const empty = JSON.stringify(emptyContext("c1")).length;
    expect((full - empty) / N).toBeLessThan(250);
  });

  it("are read from a context that was stored before there were any", () => {
    const stored = JSON.parse(JSON.stringify(emptyContext("c1"))) as Record<string, unknown>;
    expect(stored).not.toHaveProperty("windows");
    expect(viewOf(contextV1.parse(stored))).not.toHaveProperty("windows");
  });

  it("leave when they are no longer declared, and begin anew with another length or measure", () => {
    const count = recordInWindow(undefined, windowOf("count", "7d"), 1, 0, 0);
    const windows = withWindow({ gone: count }, "w", count, (id) => id === "w");
    expect(readWindows(windows, 0)).toEqual({ w: 1 });
    for (const other of [windowOf("count", "6h"), windowOf("distinct", "7d"), windowOf("last", "7d")]) {
      const state = recordInWindow(count, other, 1, 5, 5);
      expect(readWindow(state, 5)).toBe(other.measure === "last" ? 5 : 1);
    }
  });
});
