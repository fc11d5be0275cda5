/**
 * What a new version does otherwise, decision by decision. Decisions are the same occasion when the same event entered the same
 * journey, and the same step asked for the same time; where steps were renamed, when the journey decided at the same moment.
 */
import type { Journeys } from "#domain";
import type { CustomerRun, SimulatedDecision } from "./simulate-customer.js";

export type ChangeKind = "gained" | "lost" | "changed";

/** One side of a change: what was decided, or that nobody asked. */
export interface DecisionSide {
  readonly decided: "act" | "defer" | "none" | "not-asked";
  /** `savings-account on push`, or why nothing was said. */
  readonly text: string;
  readonly at?: number;
  readonly step?: string;
}

export interface ChangeExample {
  readonly kind: ChangeKind;
  readonly customerId: string;
  readonly journey: string;
  /** What entered the journey. */
  readonly event: { readonly id: string; readonly type: string };
  /** Epoch ms of the decision. */
  readonly at: number;
  readonly before: DecisionSide;
  readonly after: DecisionSide;
  readonly why: string;
}

export interface Difference {
  readonly gained: number;
  readonly lost: number;
  readonly changed: number;
  /** Decisions to act that are the same in both. */
  readonly same: number;
  /** Decisions that say nothing in both, of which only the reason or the occasion differs. */
  readonly silentOnly: number;
  readonly customersConcerned: number;
  readonly perJourney: Readonly<Record<string, { gained: number; lost: number; changed: number }>>;
  /** Why, most frequent first: `kind: reason`. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly examples: readonly ChangeExample[];
  /** Customers whose number of contacts changes the most, then those with the most. */
  readonly mostConcerned: readonly {
    readonly customerId: string;
    readonly before: number;
    readonly after: number;
  }[];
}

/** Examples kept of each kind, and of each reason within it; one of a customer. */
const EXAMPLES = 12;
const EXAMPLES_PER_REASON = 4;
const MOST_CONCERNED = 20;

export class Differences {
  readonly #counts = { gained: 0, lost: 0, changed: 0, same: 0, silentOnly: 0 };
  readonly #perJourney = new Map<string, { gained: number; lost: number; changed: number }>();
  readonly #reasons = new Map<string, number>();
  readonly #examples: Record<ChangeKind, ChangeExample[]> = { gained: [], lost: [], changed: [] };
  #customers = 0;
  #most: { customerId: string; before: number; after: number }[] = [];

  constructor(
    private readonly before: Journeys,
    private readonly after: Journeys,
  ) {}

  add(a: CustomerRun, b: CustomerRun, contacts: { readonly before: number; readonly after: number }): void {
    let concerned = false;
    for (const [was, is] of pairs(a.decisions, b.decisions)) {
      if (was?.answer === "act" && is?.answer === "act" && sameAct(was, is)) {
        this.#counts.same++;
        continue;
      }
      const kind = kindOf(was, is);
      if (kind === undefined) {
        if (!was || !is || was.reason !== is.reason || was.answer !== is.answer) this.#counts.silentOnly++;
        continue;
      }
      concerned = true;
      this.#count(kind, a.customerId, was, is);
    }
    if (concerned) this.#customers++;
    if (contacts.before !== contacts.after) this.#concern({ customerId: a.customerId, ...contacts });
  }

  get difference(): Difference {
    const most = this.#most.sort(byConcern).slice(0, MOST_CONCERNED);
    return {
      ...this.#counts,
      customersConcerned: this.#customers,
      perJourney: Object.fromEntries([...this.#perJourney].sort(([x], [y]) => (x < y ? -1 : 1))),
      reasons: Object.fromEntries([...this.#reasons].sort(([x, n], [y, m]) => m - n || (x < y ? -1 : 1))),
      examples: [...this.#examples.gained, ...this.#examples.lost, ...this.#examples.changed],
      mostConcerned: most,
    };
  }

  #count(
    kind: ChangeKind,
    customerId: string,
    was: SimulatedDecision | undefined,
    is: SimulatedDecision | undefined,
  ): void {
    const { journey, trigger, at } = (is ?? was)!;
    const why = this.#why(was, is);
    this.#counts[kind]++;
    const per = this.#perJourney.get(journey) ?? { gained: 0, lost: 0, changed: 0 };
    per[kind]++;
    this.#perJourney.set(journey, per);
    const reason = `${kind}: ${why}`;
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    const examples = this.#examples[kind];
    const alike = examples.filter((e) => e.why === why);
    if (
      examples.length < EXAMPLES &&
      alike.length < EXAMPLES_PER_REASON &&
      !alike.some((e) => e.customerId === customerId)
    )
      examples.push({
        kind,
        customerId,
        journey,
        event: trigger,
        at,
        before: sideOf(was),
        after: sideOf(is),
        why,
      });
  }

  #why(was: SimulatedDecision | undefined, is: SimulatedDecision | undefined): string {
    if (was && is) {
      if (was.answer !== "act") return `was silent before: ${reasonOf(was)}`;
      if (is.answer !== "act") return `is silent now: ${reasonOf(is)}`;
      if (was.at !== is.at && was.action === is.action && was.channel === is.channel)
        return "at another time";
      if (was.action !== is.action)
        return `another action is ${is.reason === "highest_score" ? "best" : "chosen"} (${is.reason})`;
      return "another channel";
    }
    const there = (is ?? was)!;
    const [other, words] = is
      ? ([this.before, ["the journey is new", "the step is new"]] as const)
      : ([this.after, ["the journey is gone", "the step is gone"]] as const);
    const definition = other.newest(there.journey);
    if (!definition) return words[0];
    if (!other.step(definition, there.step)) return `${words[1]}: ${there.step}`;
    return is
      ? `the published version did not come to this step (${there.step}) here`
      : `the new version does not come to this step (${there.step}) here`;
  }

  #concern(one: { customerId: string; before: number; after: number }): void {
    this.#most.push(one);
    // Bounded memory over any number of customers.
    if (this.#most.length > 50 * MOST_CONCERNED)
      this.#most = this.#most.sort(byConcern).slice(0, MOST_CONCERNED);
  }
}

type Concern = { customerId: string; before: number; after: number };

function byConcern(a: Concern, b: Concern): number {
  return (
    Math.abs(b.after - b.before) - Math.abs(a.after - a.before) ||
    b.after - a.after ||
    (a.customerId < b.customerId ? -1 : 1)
  );
}

type Pair = readonly [SimulatedDecision | undefined, SimulatedDecision | undefined];

/** By key; then what is left of both by journey and moment; then one by one. */
function pairs(a: readonly SimulatedDecision[], b: readonly SimulatedDecision[]): Pair[] {
  const found: Pair[] = [];
  const byKey = new Map(b.map((d) => [d.key, d]));
  const restA: SimulatedDecision[] = [];
  for (const was of a) {
    const is = byKey.get(was.key);
    if (is) {
      byKey.delete(was.key);
      found.push([was, is]);
    } else restA.push(was);
  }
  const byMoment = new Map<string, SimulatedDecision[]>();
  for (const is of byKey.values()) {
    const moment = `${is.journey}@${is.at}`;
    const list = byMoment.get(moment);
    if (list) list.push(is);
    else byMoment.set(moment, [is]);
  }
  for (const was of restA) found.push([was, byMoment.get(`${was.journey}@${was.at}`)?.shift()]);
  for (const list of byMoment.values()) for (const is of list) found.push([undefined, is]);
  return found;
}

function kindOf(
  was: SimulatedDecision | undefined,
  is: SimulatedDecision | undefined,
): ChangeKind | undefined {
  const before = was?.answer === "act";
  const after = is?.answer === "act";
  if (before && after) return "changed";
  if (after) return "gained";
  return before ? "lost" : undefined;
}

function sameAct(a: SimulatedDecision, b: SimulatedDecision): boolean {
  return a.action === b.action && a.channel === b.channel && a.at === b.at;
}

function reasonOf(d: SimulatedDecision): string {
  return d.rule === undefined ? d.reason : `${d.reason} (${d.rule})`;
}

function sideOf(d: SimulatedDecision | undefined): DecisionSide {
  if (!d) return { decided: "not-asked", text: "not asked" };
  const text =
    d.answer === "act"
      ? `${d.action} on ${d.channel}`
      : d.answer === "defer"
        ? `later: ${reasonOf(d)}`
        : `nothing: ${reasonOf(d)}`;
  return { decided: d.answer, text, at: d.at, step: d.step };
}
