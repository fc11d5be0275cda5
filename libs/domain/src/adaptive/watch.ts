/** How a model has done, each outcome predicted before it was learned: constant in size, exact in its sums. */

/** Forecasts by their log-odds, in bins of this width; beyond the ends counts with the last bin. */
const BIN_WIDTH = 0.25;
const LOWEST = -8;
const BINS = 48;

export interface Watch {
  /** Sum of the log-losses of the forecasts. */
  readonly logLoss: number;
  /** The same of a forecast that knows nothing but the mean of the outcomes so far. */
  readonly plainLogLoss: number;
  /** Per bin: sum of the forecasts, successes, others. */
  readonly forecast: readonly number[];
  readonly successes: readonly number[];
  readonly others: readonly number[];
}

const none = (): number[] => Array.from({ length: BINS }, () => 0);

export const EMPTY_WATCH: Watch = {
  logLoss: 0,
  plainLogLoss: 0,
  forecast: none(),
  successes: none(),
  others: none(),
};

/** `p`: forecast; `plain`: mean of prior and the outcomes before. */
export function withForecast(watch: Watch, p: number, plain: number, label: 0 | 1): Watch {
  const bin = binOf(p);
  const add = (values: readonly number[], amount: number): number[] =>
    values.map((v, i) => (i === bin ? v + amount : v));
  return {
    logLoss: watch.logLoss + lossOf(p, label),
    plainLogLoss: watch.plainLogLoss + lossOf(plain, label),
    forecast: add(watch.forecast, p),
    successes: label === 1 ? add(watch.successes, 1) : watch.successes,
    others: label === 0 ? add(watch.others, 1) : watch.others,
  };
}

export interface Performance {
  readonly outcomes: number;
  readonly successes: number;
  /** Chance that a success had the higher forecast than another outcome, from the bins; absent without both. */
  readonly auc?: number;
  /** Means; absent before the first outcome. */
  readonly logLoss?: number;
  readonly plainLogLoss?: number;
  readonly calibration: readonly CalibrationGroup[];
  /** Mean distance of forecast and rate over the groups, by their outcomes. */
  readonly calibrationError?: number;
}

/** Outcomes that were forecast alike. */
export interface CalibrationGroup {
  readonly outcomes: number;
  readonly forecast: number;
  readonly rate: number;
}

/** Outcomes that a group of the calibration holds at least, except the last. */
const GROUP = 50;

/** How well forecasts were, each made before its outcome was learned. AUC needs outcomes of both kinds, log-loss (nats per outcome) any. */
export function performanceOf(watch: Watch): Performance {
  const successes = sum(watch.successes);
  const others = sum(watch.others);
  const outcomes = successes + others;
  if (outcomes === 0) return { outcomes, successes, calibration: [] };
  const calibration = groupsOf(watch);
  return {
    outcomes,
    successes,
    ...(successes > 0 && others > 0 ? { auc: wins(watch) / (successes * others) } : {}),
    logLoss: watch.logLoss / outcomes,
    plainLogLoss: watch.plainLogLoss / outcomes,
    calibration,
    calibrationError: sum(calibration.map((g) => g.outcomes * Math.abs(g.forecast - g.rate))) / outcomes,
  };
}

/** Several arms as one. */
export function together(watches: readonly Watch[]): Watch {
  const added = (of: (watch: Watch) => readonly number[]): number[] =>
    none().map((_, i) => sum(watches.map((w) => of(w)[i]!)));
  return {
    logLoss: sum(watches.map((w) => w.logLoss)),
    plainLogLoss: sum(watches.map((w) => w.plainLogLoss)),
    forecast: added((w) => w.forecast),
    successes: added((w) => w.successes),
    others: added((w) => w.others),
  };
}

/** Pairs of a success and another outcome in which the success had the higher forecast; within a bin half of them. */
function wins({ successes, others }: Watch): number {
  let below = 0;
  let count = 0;
  for (let i = 0; i < BINS; i++) {
    count += successes[i]! * (below + others[i]! / 2);
    below += others[i]!;
  }
  return count;
}

function groupsOf({ forecast, successes, others }: Watch): CalibrationGroup[] {
  const groups: CalibrationGroup[] = [];
  let outcomes = 0;
  let forecasts = 0;
  let good = 0;
  for (let i = 0; i < BINS; i++) {
    outcomes += successes[i]! + others[i]!;
    forecasts += forecast[i]!;
    good += successes[i]!;
    if (outcomes === 0 || (outcomes < GROUP && i < BINS - 1)) continue;
    groups.push({ outcomes, forecast: forecasts / outcomes, rate: good / outcomes });
    outcomes = forecasts = good = 0;
  }
  return groups;
}

function binOf(p: number): number {
  const bin = Math.floor((Math.log(p / (1 - p)) - LOWEST) / BIN_WIDTH);
  return Math.min(BINS - 1, Math.max(0, Number.isFinite(bin) ? bin : p < 0.5 ? 0 : BINS - 1));
}

const SMALLEST = 1e-9;

function lossOf(p: number, label: 0 | 1): number {
  return -Math.log(Math.max(SMALLEST, label === 1 ? p : 1 - p));
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
