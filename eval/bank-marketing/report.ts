/** The figures as text, and as plots. */
import { textTable, type Chart } from "#plot";
import { decimals, percent } from "../figures-text.js";
import { FEWEST_PER_CLASS } from "../metrics/ranking.js";
import { OURS } from "./contenders.js";
import type { Figures, MonthFigures } from "./evaluate.js";

export interface Scope {
  readonly file: string;
  readonly rows: number;
  /** Rows from this one on (from 1) are scored; all are learnt. */
  readonly scoredFrom: number;
  readonly rate: number;
  /** CPU time of one prediction and of learning one outcome. */
  readonly predictMicros: number;
  readonly learnMicros: number;
}

export function reportText(scope: Scope, figures: readonly Figures[]): string {
  const ours = figures.find(({ name }) => name === OURS)!;
  return [
    `${scope.file}: ${scope.rows} contacts in order of time; each is predicted, then learnt. Scored: rows ${scope.scoredFrom} to ${scope.rows}, of which ${percent(scope.rate)} are a success.`,
    "",
    textTable(
      [
        "",
        "log-loss",
        "AUC",
        "AUC within month",
        "mean of months",
        "ECE",
        "ECE by month",
        "lift top 10 %",
        "within month",
      ],
      figures.map((f) => [
        f.name,
        decimals(f.logLoss, 4),
        decimals(f.auc, 3),
        decimals(f.within.byPairs, 3),
        decimals(f.within.meanOfGroups, 3),
        decimals(f.calibrationError, 4),
        decimals(f.calibrationErrorByMonth, 4),
        decimals(f.lift[0], 2),
        decimals(f.liftWithin, 2),
      ]),
      "ruled",
    ),
    "",
    "AUC within month: the share of all pairs (one success, one not, of the same month of the same year) that are ranked right; so a month counts by",
    `its pairs. Mean of months: the plain mean over months with at least ${FEWEST_PER_CLASS} of both. ECE: ten bins of equal count; by month: one bin per month.`,
    "Lift within month: the best tenth of every month against the same number drawn blindly from it. Log-loss is a mean over contacts, so pooled and within month are one.",
    `${OURS} takes ${decimals(scope.predictMicros, 1)} µs of CPU for a prediction and ${decimals(scope.learnMicros, 0)} µs to learn an outcome.`,
    "",
    `${OURS}, month by month (AUC in each month)`,
    textTable(
      ["month", "contacts", "success", "stated", "log-loss", ...figures.map(({ name }) => name)],
      ours.months.map((m, i) => [
        m.month,
        String(m.contacts),
        percent(m.rate),
        percent(m.stated),
        decimals(m.logLoss, 4),
        ...figures.map(({ months }) => decimals(months[i]?.auc, 3)),
      ]),
      "ruled",
    ),
    "",
    `${OURS}, reliability and lift by tenths`,
    textTable(
      ["tenth by stated probability", "contacts", "stated", "came true", "lift"],
      ours.reliability.map((bin, b) => [
        `${b + 1}`,
        String(bin.count),
        percent(bin.stated),
        percent(bin.came),
        decimals(ours.lift[ours.lift.length - 1 - b], 2),
      ]),
      "ruled",
    ),
  ].join("\n");
}

export function plotsOf(scope: Scope, figures: readonly Figures[]): ReadonlyMap<string, Chart> {
  const ours = figures.find(({ name }) => name === OURS)!;
  const subtitle = `${scope.file}, rows ${scope.scoredFrom} to ${scope.rows}, predicted, then learnt`;
  const compared = figures.slice(0, figures.indexOf(ours) + 1);
  const large = [...ours.months.keys()].filter((m) => isLarge(ours.months[m]!));
  return new Map<string, Chart>([
    [
      "reliability",
      {
        title: "Stated probability against what came true, by tenths",
        subtitle,
        x: "tenth by stated probability",
        y: "share (%)",
        categories: ours.reliability.map((_, b) => String(b + 1)),
        series: [
          { name: "stated", values: ours.reliability.map(({ stated }) => 100 * stated) },
          { name: "came true", values: ours.reliability.map(({ came }) => 100 * came) },
        ],
        kind: "line",
        pointLabels: false,
      },
    ],
    [
      "auc-by-month",
      {
        title: `AUC within each month with at least ${FEWEST_PER_CLASS} successes`,
        subtitle,
        x: "month",
        y: "AUC",
        categories: large.map((m) => ours.months[m]!.month),
        series: compared.map(({ name, months }) => ({
          name: name.replace(", refitted every 250", "").replace("online logistic", "online"),
          values: large.map((m) => months[m]!.auc),
        })),
        kind: "line",
        pointLabels: false,
        top: 1,
        target: { value: 0.5, label: "no ranking" },
        size: { width: 960, height: 460 },
      },
    ],
  ]);
}

function isLarge({ contacts, rate }: MonthFigures): boolean {
  const successes = Math.round(contacts * rate);
  return Math.min(successes, contacts - successes) >= FEWEST_PER_CLASS;
}
