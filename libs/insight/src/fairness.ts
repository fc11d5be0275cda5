/**
 * Whether groups of customers are treated alike: a pure fold over audit chains, and its judgement. Groups come from outside
 * the audit, because no decision knows them; each customer counts once in each rate.
 *
 * A group is told of when its rate is below the bound's share of the best group's, and beyond what chance would do: the
 * four-fifths rule as 29 CFR 1607.4(D) states it, with its caution about small numbers.
 */
import {
  FAIRNESS_RATES,
  MAX_GROUPS,
  type AuditRecord,
  type FairnessDefinition,
  type FairnessRate,
} from "#contracts";
import { rate, type Rate } from "./kpi-cell.js";
import { OTHER, UNKNOWN } from "./kpi-fold.js";
import { shareRatio, type Estimate } from "./statistics.js";

export type GroupValue = string | number | boolean;
/** What is known of a customer for monitoring, by attribute. */
export type GroupsOf = (customerId: string) => Readonly<Record<string, GroupValue>> | undefined;

type Counts = Record<FairnessRate, number> & {
  /** Customers about whom there was a decision. */
  asked: number;
};

const ANSWERS: Readonly<Record<string, FairnessRate>> = { act: "offer", none: "denial" };
const FLAGS = ["asked", ...FAIRNESS_RATES] as const;
const ASKED = 1 << FLAGS.indexOf("asked");

export class FairnessFold {
  readonly #groups: readonly Map<string, Counts>[];
  /** Per customer and monitor: what was counted already, one bit each. */
  readonly #seen = new Map<string, Uint8Array>();

  constructor(
    private readonly monitors: readonly FairnessDefinition[],
    private readonly period: {
      readonly since?: number | undefined;
      readonly until?: number | undefined;
    } = {},
  ) {
    this.#groups = monitors.map(() => new Map());
  }

  record({ customerId, at, entries }: AuditRecord, groupsOf: GroupsOf): void {
    if (at < (this.period.since ?? -Infinity) || at >= (this.period.until ?? Infinity)) return;
    for (const entry of entries) {
      if (entry.kind === "decision") {
        // Who is in a control group was chosen by lot.
        if (entry.answer === "unavailable" || entry.reason === "control_group") continue;
        const told = ANSWERS[entry.answer];
        this.#count(customerId, entry.journey, told ? ["asked", told] : ["asked"], groupsOf);
      } else if (entry.kind === "command" && entry.counts)
        this.#count(customerId, entry.journey, ["contact"], groupsOf);
    }
  }

  /** No more of the customers seen so far will come. */
  forgetCustomers(): void {
    this.#seen.clear();
  }

  #count(
    customerId: string,
    journey: string,
    what: readonly (typeof FLAGS)[number][],
    groupsOf: GroupsOf,
  ): void {
    for (const [m, monitor] of this.monitors.entries()) {
      if (monitor.journeys && !monitor.journeys.includes(journey)) continue;
      let seen = this.#seen.get(customerId);
      if (!seen) this.#seen.set(customerId, (seen = new Uint8Array(this.monitors.length)));
      for (const flag of what) {
        // An order of a decision before the period: rates are of those about whom there was one in it.
        if (flag === "contact" && (seen[m]! & ASKED) === 0) continue;
        const bit = 1 << FLAGS.indexOf(flag);
        if ((seen[m]! & bit) !== 0) continue;
        seen[m]! |= bit;
        this.#of(m, groupName(groupsOf(customerId)?.[monitor.attribute], monitor.bands))[flag]++;
      }
    }
  }

  #of(monitor: number, name: string): Counts {
    const groups = this.#groups[monitor]!;
    const key = groups.has(name) || groups.size < MAX_GROUPS ? name : OTHER;
    let counts = groups.get(key);
    if (!counts) groups.set(key, (counts = { asked: 0, offer: 0, denial: 0, contact: 0 }));
    return counts;
  }

  reports(): FairnessReport[] {
    return this.monitors.map((monitor, m) => judged(monitor, this.#groups[m]!));
  }
}

/** `under 25`, `25 to 39`, `65 and over`; without bands the value itself. */
export function groupName(value: GroupValue | undefined, bands: readonly number[] | undefined): string {
  if (value === undefined) return UNKNOWN;
  if (!bands) return String(value);
  if (typeof value !== "number") return UNKNOWN;
  const above = bands.findIndex((band) => value < band);
  if (above === 0) return `under ${bands[0]}`;
  if (above < 0) return `${bands.at(-1)} and over`;
  return `${bands[above - 1]} to under ${bands[above]}`;
}

export interface GroupRate {
  readonly group: string;
  readonly rate: Rate;
  /** Of the favourable outcome, to that of the best group; absent for the best, and for groups that are not judged. */
  readonly ratio?: Estimate;
  readonly alert: boolean;
}

export interface FairnessReport {
  readonly monitor: string;
  readonly attribute: string;
  /** What raises an alert. */
  readonly bound: number;
  /** Groups of at least so many customers are judged, and how many there are: of fewer than two nothing is said. */
  readonly minimum: number;
  readonly judged: number;
  readonly rates: readonly { readonly rate: FairnessRate; readonly groups: readonly GroupRate[] }[];
  readonly alerts: readonly FairnessAlert[];
}

export interface FairnessAlert {
  readonly monitor: string;
  readonly rate: FairnessRate;
  readonly group: string;
  readonly ratio: number;
}

function judged(monitor: FairnessDefinition, counts: ReadonlyMap<string, Counts>): FairnessReport {
  const { id, attribute, bound } = monitor;
  const named = [...counts].filter(([, c]) => c.asked > 0).sort(([a], [b]) => (a < b ? -1 : 1));
  const rates = monitor.rates.map((what) => {
    // What a group hopes for: to be offered, to be contacted, not to be denied.
    const favourable = (c: Counts) => ({
      hits: what === "denial" ? c.asked - c.denial : c[what],
      of: c.asked,
    });
    const best = named
      .filter(([name, c]) => isJudged(name, c, bound.minimum))
      .map(([name, c]) => ({ name, ...favourable(c) }))
      .reduce<{ name: string; hits: number; of: number } | undefined>(
        (found, g) => (found && found.hits / found.of >= g.hits / g.of ? found : g),
        undefined,
      );
    const groups = named.map(([group, c]): GroupRate => {
      const shown = { group, rate: rate(c[what], c.asked)! };
      if (!best || best.hits === 0 || group === best.name || !isJudged(group, c, bound.minimum))
        return { ...shown, alert: false };
      const ratio = shareRatio(favourable(c), best);
      return { ...shown, ratio, alert: ratio.value < bound.ratio && ratio.high < 1 };
    });
    return { rate: what, groups };
  });
  const alerts = rates.flatMap(({ rate: what, groups }) =>
    groups.flatMap((g) =>
      g.alert ? [{ monitor: id, rate: what, group: g.group, ratio: g.ratio!.value }] : [],
    ),
  );
  const { ratio, minimum } = bound;
  const count = named.filter(([name, c]) => isJudged(name, c, minimum)).length;
  return { monitor: id, attribute, bound: ratio, minimum, judged: count, rates, alerts };
}

function isJudged(name: string, { asked }: Counts, minimum: number): boolean {
  return name !== UNKNOWN && asked >= minimum;
}
