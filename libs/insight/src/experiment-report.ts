/** What an experiment says so far: uplift with intervals, and whether it is beyond chance however often one has looked. Pure. */
import type { ExperimentDefinition } from "#contracts";
import { noTotals, type ArmTotals, type Day, type ExperimentFold } from "./experiment-fold.js";
import { rate, type Rate } from "./kpi-cell.js";
import { ALPHA, logEvidence, looks, type Look } from "./sequential.js";
import { meanDifference, shareDifference, type Estimate } from "./statistics.js";

export interface ArmFigures {
  readonly customers: number;
  readonly successes: number;
  readonly rate?: Rate;
  readonly value: number;
  readonly valuePerCustomer?: number;
}

export interface ExperimentReport {
  readonly experiment: string;
  readonly version: number;
  readonly description: string;
  /** Without it all journeys. */
  readonly journeys?: readonly string[];
  /** Share of customers held out, as declared. */
  readonly controlShare: number;
  readonly treated: ArmFigures;
  readonly control: ArmFigures;
  /** Customers whose time is not over: they are not counted. */
  readonly waiting: number;
  /** Rate of success, treated − control: Newcombe's interval, for one look at the end. */
  readonly uplift?: Estimate;
  /** Value per customer, treated − control: Welch's interval, for one look at the end; absent while a group has too few successes. */
  readonly valueUplift?: Estimate;
  /** Successes that would not have been without marketing: uplift × treated customers. */
  readonly extraSuccesses?: Estimate;
  /** Rate of the treated as a multiple of the control group's, day by day; holds over all looks. */
  readonly looks: readonly (Look & {
    readonly day: number;
    readonly treated: number;
    readonly control: number;
    readonly treatedRate?: number;
    readonly controlRate?: number;
  })[];
  readonly verdict: "better" | "worse" | "undecided";
  /** The groups are not of the sizes that the lot should give: then nothing else here may be believed. */
  readonly groupsOff: boolean;
}

/** Evidence that groups are off: far beyond what looking daily at many experiments would bring by chance. */
const LOT_ALPHA = 0.001;
/** With fewer successes in a group its spread of values is not known: without any it would be 0, and the interval far too narrow. */
const FEWEST_FOR_VALUE = 10;

/**
 * Figures, daily looks and verdict of one experiment up to `now` (epoch ms). Throws nothing: what cannot be told yet is left out.
 */
export function experimentReport(fold: ExperimentFold, now = fold.latest): ExperimentReport {
  const { experiment } = fold;
  const share = 1 - experiment.control.percent / 100;
  const days = fold.days(now);
  const sums = runningSums(days.map((d) => d.totals));
  const { treated, control } = sums.at(-1) ?? { treated: noTotals(), control: noTotals() };
  const seen = looks(
    sums.map((s) => ({ treated: s.treated.successes, control: s.control.successes })),
    share,
  );
  const groupsOff = sums.some(
    (s) =>
      logEvidence({ treated: s.treated.customers, control: s.control.customers }, share) >
      -Math.log(LOT_ALPHA),
  );
  const both = treated.customers > 0 && control.customers > 0;
  const uplift = both
    ? shareDifference(
        { hits: treated.successes, of: treated.customers },
        { hits: control.successes, of: control.customers },
      )
    : undefined;
  const last = seen.at(-1);
  return {
    experiment: experiment.id,
    version: experiment.version,
    description: experiment.description,
    ...(experiment.journeys ? { journeys: experiment.journeys } : {}),
    controlShare: 1 - share,
    treated: figures(treated, hasValue(experiment)),
    control: figures(control, hasValue(experiment)),
    waiting: fold.waiting(now),
    ...(uplift ? { uplift, extraSuccesses: times(uplift, treated.customers) } : {}),
    ...(hasValue(experiment) && Math.min(treated.successes, control.successes) >= FEWEST_FOR_VALUE
      ? { valueUplift: meanDifference(moments(treated), moments(control)) }
      : {}),
    looks: seen.map((look, i) => {
      const s = sums[i]!;
      return {
        day: days[i]!.day,
        treated: s.treated.customers,
        control: s.control.customers,
        ...(s.treated.customers > 0 ? { treatedRate: s.treated.successes / s.treated.customers } : {}),
        ...(s.control.customers > 0 ? { controlRate: s.control.successes / s.control.customers } : {}),
        ...look,
      };
    }),
    verdict:
      !last || groupsOff || last.p > ALPHA
        ? "undecided"
        : last.low > 1
          ? "better"
          : last.high < 1
            ? "worse"
            : "undecided",
    groupsOff,
  };
}

function runningSums(days: readonly Day[]): Day[] {
  let sum: Day = { treated: noTotals(), control: noTotals() };
  return days.map((day) => {
    sum = { treated: added(sum.treated, day.treated), control: added(sum.control, day.control) };
    return sum;
  });
}

function added(a: ArmTotals, b: ArmTotals): ArmTotals {
  return {
    customers: a.customers + b.customers,
    successes: a.successes + b.successes,
    value: a.value + b.value,
    valueSquares: a.valueSquares + b.valueSquares,
  };
}

const hasValue = ({ success }: ExperimentDefinition): boolean => success.value !== undefined;
const moments = (t: ArmTotals) => ({ n: t.customers, sum: t.value, squares: t.valueSquares });
const times = (e: Estimate, n: number): Estimate => ({
  value: e.value * n,
  low: e.low * n,
  high: e.high * n,
});

function figures(t: ArmTotals, hasValues: boolean): ArmFigures {
  const successRate = rate(t.successes, t.customers);
  return {
    customers: t.customers,
    successes: t.successes,
    ...(successRate ? { rate: successRate } : {}),
    value: t.value,
    ...(hasValues && t.customers > 0 ? { valuePerCustomer: t.value / t.customers } : {}),
  };
}
