/** What one side of a comparison did, added up over all customers. */
import type { CustomerRun, SimulatedContact } from "./simulate-customer.js";

export const WEEK_MS = 7 * 86_400_000;

export interface CapTotals {
  readonly rule: string;
  /** Decisions in which it closed a channel, and the customers concerned. */
  readonly decisions: number;
  readonly customers: number;
}

export interface RunTotals {
  readonly decisions: { readonly act: number; readonly defer: number; readonly none: number };
  /** What reached customers, or may have: ordered and not given back. */
  readonly contacts: number;
  readonly customersContacted: number;
  /** How many customers have how many contacts, by number of contacts. */
  readonly contactsPerCustomer: Readonly<Record<string, number>>;
  /** How many customers have how many contacts in their busiest 7 days. */
  readonly busiestWeek: Readonly<Record<string, number>>;
  /** The highest number of contacts of any customer in any 7 days. */
  readonly maxPerWeek: number;
  readonly perChannel: Readonly<Record<string, number>>;
  readonly perAction: Readonly<Record<string, number>>;
  readonly perPurpose: Readonly<Record<string, number>>;
  readonly perJourney: Readonly<Record<string, number>>;
  /** Commands that are no contact: cases for agents, things done. */
  readonly otherCommands: Readonly<Record<string, number>>;
  /** Commands that came to nothing: failed, expired, stopped. */
  readonly undelivered: number;
  readonly responses: Readonly<Record<string, number>>;
  readonly entered: Readonly<Record<string, number>>;
  /** `journey: reason`. */
  readonly exited: Readonly<Record<string, number>>;
  /** Entries that were refused, and journeys that lost to another: `journey: reason`. */
  readonly refused: Readonly<Record<string, number>>;
  /** Why nothing was said, by reason code. */
  readonly silent: Readonly<Record<string, number>>;
  readonly caps: readonly CapTotals[];
  /** Commands whose outcome was recorded rather than drawn. */
  readonly recordedResponses: number;
  readonly turns: number;
  readonly failed: number;
  readonly failures: readonly string[];
  /** Customers whose run did not come to rest. */
  readonly cut: readonly string[];
}

/** Contacts that count: heard by the customer, not given back. */
export function heard(contacts: readonly SimulatedContact[]): readonly SimulatedContact[] {
  return contacts.filter(
    (c) => c.counts && c.outcome !== "failed" && c.outcome !== "expired" && c.outcome !== "suppressed",
  );
}

/** The most contacts in any 7 days that begin with one of them. `times` in order. */
export function busiestWeek(times: readonly number[]): number {
  let most = 0;
  let first = 0;
  for (const [i, t] of times.entries()) {
    while (times[first]! <= t - WEEK_MS) first++;
    most = Math.max(most, i - first + 1);
  }
  return most;
}

const FAILURES_SHOWN = 5;

export class Totals {
  readonly #count = {
    decisions: { act: 0, defer: 0, none: 0 },
    perCustomer: new Map<number, number>(),
    perWeek: new Map<number, number>(),
  };
  readonly #counters = new Map<string, Map<string, number>>();
  readonly #caps = new Map<string, { decisions: number; customers: number }>();
  readonly #failures = new Set<string>();
  readonly #cut: string[] = [];
  #contacts = 0;
  #contacted = 0;
  #maxPerWeek = 0;
  #undelivered = 0;
  #recorded = 0;
  #turns = 0;
  #failed = 0;

  /** Answers how many contacts the customer heard. */
  add(run: CustomerRun): number {
    for (const d of run.decisions) {
      this.#count.decisions[d.answer]++;
      if (d.answer === "none") this.#bump("silent", d.reason);
    }
    this.#addCaps(run);
    const contacts = heard(run.contacts);
    for (const c of contacts) {
      this.#bump("channel", c.channel);
      this.#bump("action", c.action);
      this.#bump("purpose", c.purpose);
      this.#bump("journey", c.journey);
    }
    for (const c of run.contacts) {
      if (!c.counts) this.#bump("other", c.action);
      else if (!contacts.includes(c)) this.#undelivered++;
      if (c.recorded) this.#recorded++;
      for (const r of c.responses) this.#bump("responses", r);
    }
    for (const e of run.entries) {
      if (e.kind === "journey-entered") this.#bump("entered", e.journey);
      if (e.kind === "journey-refused") this.#bump("refused", `${e.journey}: ${e.reason}`);
      if (e.kind === "journey-outranked") this.#bump("refused", `${e.journey}: outranked by ${e.by}`);
      if (e.kind === "journey-exited") this.#bump("exited", `${e.journey}: ${e.reason}`);
    }
    const week = busiestWeek(contacts.map((c) => c.at).sort((a, b) => a - b));
    bump(this.#count.perCustomer, contacts.length);
    bump(this.#count.perWeek, week);
    this.#maxPerWeek = Math.max(this.#maxPerWeek, week);
    this.#contacts += contacts.length;
    if (contacts.length > 0) this.#contacted++;
    this.#turns += run.turns;
    this.#failed += run.failed;
    if (run.failure !== undefined && this.#failures.size < FAILURES_SHOWN) this.#failures.add(run.failure);
    if (run.cut) this.#cut.push(run.customerId);
    return contacts.length;
  }

  get totals(): RunTotals {
    return {
      decisions: { ...this.#count.decisions },
      contacts: this.#contacts,
      customersContacted: this.#contacted,
      contactsPerCustomer: histogram(this.#count.perCustomer),
      busiestWeek: histogram(this.#count.perWeek),
      maxPerWeek: this.#maxPerWeek,
      perChannel: this.#sorted("channel"),
      perAction: this.#sorted("action"),
      perPurpose: this.#sorted("purpose"),
      perJourney: this.#sorted("journey"),
      otherCommands: this.#sorted("other"),
      undelivered: this.#undelivered,
      responses: this.#sorted("responses"),
      entered: this.#sorted("entered"),
      exited: this.#sorted("exited"),
      refused: this.#sorted("refused"),
      silent: this.#sorted("silent"),
      caps: [...this.#caps]
        .map(([rule, c]) => ({ rule, ...c }))
        .sort((a, b) => b.decisions - a.decisions || (a.rule < b.rule ? -1 : 1)),
      recordedResponses: this.#recorded,
      turns: this.#turns,
      failed: this.#failed,
      failures: [...this.#failures],
      cut: this.#cut,
    };
  }

  #addCaps(run: CustomerRun): void {
    const touched = new Set<string>();
    for (const d of run.decisions) {
      for (const rule of d.caps) {
        const cap = this.#caps.get(rule) ?? { decisions: 0, customers: 0 };
        cap.decisions++;
        if (!touched.has(rule)) cap.customers++;
        touched.add(rule);
        this.#caps.set(rule, cap);
      }
    }
  }

  #bump(counter: string, key: string): void {
    let found = this.#counters.get(counter);
    if (!found) this.#counters.set(counter, (found = new Map()));
    bump(found, key);
  }

  /** Most first, equal ones by name. */
  #sorted(counter: string): Record<string, number> {
    return Object.fromEntries(
      [...(this.#counters.get(counter) ?? [])].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)),
    );
  }
}

function bump<K>(map: Map<K, number>, key: K): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function histogram(counts: ReadonlyMap<number, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a], [b]) => a - b));
}
