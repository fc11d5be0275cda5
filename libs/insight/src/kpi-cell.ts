/** What is counted of one journey, action, channel or segment, and the figures that follow from it. Pure. */
import type { OutcomeKind } from "#contracts";
import { DurationHistogram } from "./duration-histogram.js";
import { wilson, type Estimate } from "./statistics.js";

/** Contacts that are told apart by their number; the last stands for it and all later ones. */
export const FATIGUE_STEPS = 10;

const zeros = (n: number): number[] => Array.from({ length: n }, () => 0);

export class KpiCell {
  /** Journeys. */
  entered = 0;
  goals = 0;
  /** Decisions. `heldOut`: for a control group; `silent`: nothing was said for another reason. */
  decisions = 0;
  acted = 0;
  deferred = 0;
  silent = 0;
  heldOut = 0;
  unavailable = 0;
  /** Commands that are contacts, and customers who got any. */
  contacts = 0;
  contacted = 0;
  /** Customers by their number of contacts: index 0 is one contact, the last `FATIGUE_STEPS` and more. */
  readonly customersByContacts = zeros(FATIGUE_STEPS);
  /** Of contacts. */
  readonly outcomes = new Map<OutcomeKind, number>();
  /** Contacts by their number in the customer's life, and those of them that were responded to. */
  readonly nthContacts = zeros(FATIGUE_STEPS);
  readonly nthResponses = zeros(FATIGUE_STEPS);
  /** Within a week of a contact. */
  optOuts = 0;
  /** Of loan applications. */
  approved = 0;
  refused = 0;
  /** Journeys that try to put a failure right, and those that did. */
  failures = 0;
  recovered = 0;
  /** Cases that an agent took, and those that were followed by another within a week. */
  cases = 0;
  casesAgain = 0;
  /** From the event to the command, and from the command to its delivery. */
  readonly toCommand = new DurationHistogram();
  readonly toDelivery = new DurationHistogram();

  outcome(kind: OutcomeKind): void {
    this.outcomes.set(kind, (this.outcomes.get(kind) ?? 0) + 1);
  }

  of(kind: OutcomeKind): number {
    return this.outcomes.get(kind) ?? 0;
  }
}

/** A share with its counts and Wilson's interval (95 %); absent when there is nothing to divide by. */
export interface Rate extends Estimate {
  readonly hits: number;
  readonly of: number;
}

export interface Times {
  readonly count: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
}

export interface KpiFigures {
  readonly entered: number;
  readonly decisions: number;
  readonly heldOut: number;
  readonly contacts: number;
  readonly customersContacted: number;
  readonly contactsPerCustomer?: number;
  /** Customers by their number of contacts, from 1 on. */
  readonly customersByContacts: readonly number[];
  readonly reaction?: Times;
  readonly delivery?: Times;
  /** Of decisions those that led to something. */
  readonly actRate?: Rate;
  /** Of contacts with a terminal outcome those that were delivered. */
  readonly deliveryRate?: Rate;
  /** Of delivered contacts those that converted. */
  readonly conversionRate?: Rate;
  /** Of journeys entered those whose goal was reached. */
  readonly goalRate?: Rate;
  readonly optOuts: number;
  /** Opt-outs within a week of a contact, per contact. */
  readonly optOutRate?: Rate;
  /** Of loan applications that were decided those that were approved. */
  readonly approvalRate?: Rate;
  /** Of failures (payments, cards, overdrafts) that a journey took up those that were put right. */
  readonly recoveryRate?: Rate;
  /** Of cases that an agent took those that no other followed within a week. */
  readonly firstContactResolution?: Rate;
  /** Response by n-th contact: index 0 is the first; the last stands for all later ones. */
  readonly fatigue: readonly (Rate | undefined)[];
}

/** The figures of a cell; what has nothing to divide by is absent. */
export function figuresOf(c: KpiCell): KpiFigures {
  const ended = c.of("delivered") + c.of("failed") + c.of("expired") + c.of("suppressed") + c.of("unknown");
  return {
    entered: c.entered,
    decisions: c.decisions,
    heldOut: c.heldOut,
    contacts: c.contacts,
    customersContacted: c.contacted,
    ...(c.contacted > 0 ? { contactsPerCustomer: c.contacts / c.contacted } : {}),
    customersByContacts: c.customersByContacts,
    ...times("reaction", c.toCommand),
    ...times("delivery", c.toDelivery),
    ...named("actRate", c.acted, c.decisions - c.heldOut),
    ...named("deliveryRate", c.of("delivered"), ended),
    ...named("conversionRate", c.of("converted"), c.of("delivered")),
    ...named("goalRate", c.goals, c.entered),
    optOuts: c.optOuts,
    ...named("optOutRate", c.optOuts, c.contacts),
    ...named("approvalRate", c.approved, c.approved + c.refused),
    ...named("recoveryRate", c.recovered, c.failures),
    ...named("firstContactResolution", c.cases - c.casesAgain, c.cases),
    fatigue: c.nthContacts.map((n, i) => rate(c.nthResponses[i]!, n)),
  };
}

/** A share with Wilson's 95 % interval; `undefined` of nothing. More hits than cases count as all of them in the interval. */
export function rate(hits: number, of: number): Rate | undefined {
  return of === 0 ? undefined : { hits, of, value: hits / of, ...wilson(Math.min(hits, of), of) };
}

function named<K extends string>(name: K, hits: number, of: number): { [P in K]?: Rate } {
  const found = rate(hits, of);
  return found === undefined ? {} : ({ [name]: found } as { [P in K]?: Rate });
}

function times<K extends string>(name: K, histogram: DurationHistogram): { [P in K]?: Times } {
  const [p50, p95] = [histogram.quantile(0.5), histogram.quantile(0.95)];
  if (p50 === undefined || p95 === undefined) return {};
  return { [name]: { count: histogram.count, p50, p95 } } as { [P in K]?: Times };
}
