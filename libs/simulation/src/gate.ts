/** Judges the result of a simulation by the limits of a gate. */
import type { GateDefinition } from "./gate.v1.js";
import type { SimulationResult } from "./simulate.js";

export interface GateVerdict {
  readonly limit: string;
  /** What the limit says, in words. */
  readonly rule: string;
  /** What was measured; absent when it could not be. */
  readonly measured?: number;
  readonly bound: number;
  /** How numbers of this limit are written. */
  readonly unit: "count" | "share";
  /** `not-judged`: there was nothing to measure it by; `detail` says why. */
  readonly verdict: "kept" | "broken" | "not-judged";
  readonly detail: string;
  /** Why there is this limit. */
  readonly reason: string;
}

/** Every limit of the gate, in order. */
export function judgeByGate({ limits }: GateDefinition, result: SimulationResult): readonly GateVerdict[] {
  const { before, after, input } = result;
  const verdicts: GateVerdict[] = [];
  const add = (
    limit: string,
    given: { readonly atMost?: number; readonly atLeast?: number; readonly reason: string } | undefined,
    rule: string,
    unit: GateVerdict["unit"],
    measured: number | { readonly unknown: string },
  ): void => {
    if (!given) return;
    const bound = given.atMost ?? given.atLeast ?? 0;
    const base = { limit, rule, bound, unit, reason: given.reason };
    if (typeof measured !== "number") {
      verdicts.push({ ...base, verdict: "not-judged", detail: measured.unknown });
      return;
    }
    const broken = given.atMost === undefined ? measured < bound : measured > bound;
    const detail = `${rule}: ${write(measured, unit)}, ${given.atMost === undefined ? "at least" : "at most"} ${write(bound, unit)}`;
    verdicts.push({ ...base, measured, verdict: broken ? "broken" : "kept", detail });
  };
  const ofCustomers = (n: number): number => (input.customers === 0 ? 0 : n / input.customers);
  add("minEvents", limits.minEvents, "events simulated", "count", input.events);
  add("minCustomers", limits.minCustomers, "customers simulated", "count", input.customers);
  add(
    "maxContactsPerWeek",
    limits.maxContactsPerWeek,
    "most contacts of any customer in any 7 days",
    "count",
    after.maxPerWeek,
  );
  add(
    "maxShareContacted",
    limits.maxShareContacted,
    "share of the customers who are contacted",
    "share",
    ofCustomers(after.customersContacted),
  );
  add(
    "maxContactGrowth",
    limits.maxContactGrowth,
    "growth of all contacts against what is published",
    "share",
    before.contacts > 0
      ? after.contacts / before.contacts - 1
      : after.contacts === 0
        ? 0
        : {
            unknown:
              "what is published contacts nobody in these events, so that there is nothing to grow from",
          },
  );
  const often = limits.maxShareOften;
  add(
    "maxShareOften",
    often,
    `share of the customers with ${often?.contacts} or more contacts in 7 days`,
    "share",
    ofCustomers(customersWith(after.busiestWeek, often?.contacts ?? Infinity)),
  );
  const { act, defer, none } = after.decisions;
  const atCaps = Math.max(0, ...after.caps.map((c) => c.decisions));
  add(
    "maxShareAtCaps",
    limits.maxShareAtCaps,
    "share of the decisions in which the most touched cap closed a channel",
    "share",
    act + defer + none === 0 ? 0 : atCaps / (act + defer + none),
  );
  add(
    "maxFailures",
    limits.maxFailures,
    "events that could not be handled, and customers whose run did not end",
    "count",
    after.failed + after.cut.length,
  );
  return verdicts;
}

/** True when the version may be published. */
export function passes(verdicts: readonly GateVerdict[]): boolean {
  return verdicts.every((v) => v.verdict !== "broken");
}

function customersWith(histogram: Readonly<Record<string, number>>, atLeast: number): number {
  return Object.entries(histogram).reduce(
    (sum, [n, customers]) => sum + (Number(n) >= atLeast ? customers : 0),
    0,
  );
}

/** `12 %`, or the number itself. */
export function write(value: number, unit: GateVerdict["unit"]): string {
  return unit === "share"
    ? `${(value * 100).toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 })} %`
    : value.toLocaleString("en-US");
}
