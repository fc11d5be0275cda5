/** The key figures of an installation as data, and as text. */
import type { FairnessReport } from "./fairness.js";
import { duration, NONE, percent, percentWithin, tableText, within } from "./figures-text.js";
import { figuresOf, type KpiFigures } from "./kpi-cell.js";
import { KPI_DIMENSIONS, type KpiDimension, type KpiFold } from "./kpi-fold.js";
import { number } from "#plot";

export interface KpiReport {
  /** ISO 8601; what was counted. */
  readonly since?: string;
  readonly until?: string;
  /** The newest record that was read, Segue's clock. */
  readonly latest: string;
  /** The attribute that says a customer's segment. */
  readonly segment: string;
  readonly all: KpiFigures;
  readonly by: Readonly<Partial<Record<KpiDimension, Readonly<Record<string, KpiFigures>>>>>;
  readonly fairness: readonly FairnessReport[];
}

export interface KpiReportOptions {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly segment: string;
  /** Without it every one. */
  readonly by?: KpiDimension | undefined;
  readonly fairness?: readonly FairnessReport[];
}

export function kpiReport(fold: KpiFold, options: KpiReportOptions): KpiReport {
  const { since, until, segment, by, fairness = [] } = options;
  const dimensions = KPI_DIMENSIONS.filter((d) => d !== "all" && (by === undefined || d === by));
  return {
    ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    latest: new Date(fold.latest).toISOString(),
    segment,
    all: figuresOf(fold.cells("all").get("all")!),
    by: Object.fromEntries(
      dimensions.map((d) => [
        d,
        Object.fromEntries(
          [...fold.cells(d)]
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, cell]) => [name, figuresOf(cell)]),
        ),
      ]),
    ),
    fairness,
  };
}

const HEAD = [
  "decisions",
  "acted",
  "contacts",
  "per customer",
  "delivered",
  "converted",
  "goal",
  "opt-outs",
  "to command p50/p95",
  "to delivery p50/p95",
] as const;

export function kpiText(report: KpiReport): string {
  const { all, by, fairness } = report;
  const sections = [
    `Key figures${report.since ? ` since ${report.since}` : ""}${report.until ? ` until ${report.until}` : ""}, up to ${report.latest}`,
    tableText(["", ...HEAD], [["all", ...row(all)]]),
    tableText(
      ["", "rate (95 % interval)", "of"],
      (
        [
          ["loan applications approved", all.approvalRate],
          ["failures put right", all.recoveryRate],
          ["agent cases settled at first contact", all.firstContactResolution],
          ["opt-outs within a week, per contact", all.optOutRate],
        ] as const
      ).map(([name, r]) => [name, percentWithin(r), r ? number(r.of) : NONE]),
    ),
    tableText(
      ["response to the n-th contact", ...all.fatigue.map((_, i) => nth(i))],
      [["", ...all.fatigue.map((r) => percent(r?.value))]],
    ),
    ...Object.entries(by).map(([dimension, figures]) =>
      tableText(
        [dimension === "segment" ? `segment (${report.segment})` : dimension, ...HEAD],
        Object.entries(figures).map(([name, f]) => [name, ...row(f)]),
      ),
    ),
    ...fairness.map(fairnessText),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** `1`, `2`, … and `10+` for the last. */
export function nth(i: number): string {
  return i === 9 ? "10+" : String(i + 1);
}

function row(f: KpiFigures): string[] {
  const times = (t: KpiFigures["reaction"]): string => (t ? `${duration(t.p50)} / ${duration(t.p95)}` : NONE);
  return [
    number(f.decisions),
    percent(f.actRate?.value),
    number(f.contacts),
    f.contactsPerCustomer === undefined ? NONE : number(f.contactsPerCustomer),
    percent(f.deliveryRate?.value),
    percent(f.conversionRate?.value),
    percent(f.goalRate?.value),
    number(f.optOuts),
    times(f.reaction),
    times(f.delivery),
  ];
}

function fairnessText({ monitor, attribute, bound, rates, alerts }: FairnessReport): string {
  const rows = rates.flatMap(({ rate, groups }) =>
    groups.map((g) => [
      `${rate}: ${g.group}`,
      percentWithin(g.rate),
      number(g.rate.of),
      g.ratio ? within(g.ratio) : NONE,
      g.alert ? "ALERT" : "",
    ]),
  );
  const verdict =
    alerts.length === 0
      ? `No group is below ${number(bound * 100)} % of the best one's rate beyond chance.`
      : alerts
          .map((a) => `ALERT: ${a.rate} of ${a.group} is ${number(a.ratio * 100)} % of the best group's.`)
          .join("\n");
  return `Fairness monitor ${monitor} (groups by ${attribute}; for monitoring alone)\n${tableText(["", "rate", "customers", "ratio to the best group", ""], rows)}\n${verdict}`;
}
