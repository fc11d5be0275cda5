/**
 * What became of the customers of an experiment: a pure fold over their decisions and successes, one customer's in order.
 *
 * A customer counts from the first decision at which marketing came as far as the control group's stage: in both groups the
 * same conditions were met until then, so that the groups differ by lot alone. Whether anything was then said does not matter
 * (intention to treat). Success counts within the time that the experiment says; customers for whom it is not over are left out.
 */
import type { DecisionRecord, ExperimentDefinition } from "#contracts";
import { durationMs } from "#contracts";
import { concernsJourney, isControl } from "#domain";

const DAY_MS = 86_400_000;

export interface ArmTotals {
  customers: number;
  successes: number;
  value: number;
  valueSquares: number;
}

export interface Day {
  readonly treated: ArmTotals;
  readonly control: ArmTotals;
}

/** A success of a customer: when, and what it is worth. */
export interface Success {
  readonly at: number;
  readonly value: number;
}

export const noTotals = (): ArmTotals => ({ customers: 0, successes: 0, value: 0, valueSquares: 0 });

interface Member {
  readonly control: boolean;
  readonly since: number;
  success: boolean;
  value: number;
}

/** Stages that a candidate reaches only past the point where a control group is held out. */
const BEYOND: ReadonlySet<string> = new Set(["scoring", "policy", "arbitration", "chosen"]);

export class ExperimentFold {
  readonly #withinMs: number;
  readonly #members = new Map<string, Member>();
  /** By the day on which a customer's time is over. */
  readonly #days = new Map<number, Day>();
  latest = 0;

  /** `others`: what else is in force. Whoever a global control group holds out tells nothing about a journey's. */
  constructor(
    readonly experiment: ExperimentDefinition,
    private readonly others: readonly ExperimentDefinition[] = [],
  ) {
    this.#withinMs = durationMs(experiment.success.within);
  }

  /** `isMarketing` tells it of an action, as the catalogue of the decision has it. */
  decision({ request, explanations }: DecisionRecord, isMarketing: (action: string) => boolean): void {
    this.latest = Math.max(this.latest, request.at);
    const { customerId } = request;
    if (this.#members.has(customerId) || !concernsJourney(this.experiment, request.journey.id)) return;
    const reached = explanations.some(
      (e) => e.stage === "control" || (BEYOND.has(e.stage) && isMarketing(e.action)),
    );
    if (!reached) return;
    const { id, journeys } = this.experiment;
    const wider = this.others.some(
      (o) => journeys !== undefined && o.journeys === undefined && o.id !== id && isControl(customerId, o),
    );
    if (wider) return;
    const control = isControl(customerId, this.experiment);
    this.#members.set(customerId, { control, since: request.at, success: false, value: 0 });
  }

  /** An event that the experiment hopes for. */
  success(customerId: string, { at, value }: Success): void {
    this.latest = Math.max(this.latest, at);
    const member = this.#members.get(customerId);
    if (!member || at < member.since || at > member.since + this.#withinMs) return;
    member.success = true;
    member.value += value;
  }

  /** True when something may still be told of the customer. */
  has(customerId: string): boolean {
    return this.#members.has(customerId);
  }

  /** No more of the customers seen so far will come: they are added to their days. */
  close(): void {
    for (const { control, since, success, value } of this.#members.values()) {
      const day = Math.floor((since + this.#withinMs) / DAY_MS);
      let totals = this.#days.get(day);
      if (!totals) this.#days.set(day, (totals = { treated: noTotals(), control: noTotals() }));
      const arm = control ? totals.control : totals.treated;
      arm.customers++;
      arm.successes += Number(success);
      arm.value += value;
      arm.valueSquares += value * value;
    }
    this.#members.clear();
  }

  /** Days that are over by `now`, in order: those customers' time has passed. */
  days(now = this.latest): { readonly day: number; readonly totals: Day }[] {
    return [...this.#days]
      .filter(([day]) => (day + 1) * DAY_MS <= now)
      .sort(([a], [b]) => a - b)
      .map(([day, totals]) => ({ day: day * DAY_MS, totals }));
  }

  /** Customers whose time is not over by `now`. */
  waiting(now = this.latest): number {
    let n = 0;
    for (const [day, { treated, control }] of this.#days)
      if ((day + 1) * DAY_MS > now) n += treated.customers + control.customers;
    return n;
  }
}
