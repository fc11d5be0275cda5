/** The key figures of an installation as data, and as text. */
import type { FairnessAlert, FairnessReport } from "./fairness.js";
import { duration, NONE, percent, percentWithin, within } from "./figures-text.js";
import { figuresOf, type KpiFigures, type Rate, type Times } from "./kpi-cell.js";
import { KPI_DIMENSIONS, type KpiDimension, type KpiFold } from "./kpi-fold.js";
import { number, textTable } from "#plot";

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

/** The figures of a fold, in all and by dimension, as people and programs read them. Times are epoch ms in, ISO 8601 out. */
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

interface Column {
  readonly name: string;
  readonly text: (f: KpiFigures) => string;
  /** With its interval, for those who ask. */
  readonly detail?: (f: KpiFigures) => string;
}

const count = (name: string, of: (f: KpiFigures) => number): Column => ({ name, text: (f) => number(of(f)) });
const share = (name: string, of: (f: KpiFigures) => Rate | undefined): Column => ({
  name,
  text: (f) => percent(of(f)?.value),
  detail: (f) => {
    const r = of(f);
    return r ? `${percentWithin(r)}, ${number(r.hits)} of ${number(r.of)}` : NONE;
  },
});
const time = (name: string, of: (f: KpiFigures) => Times | undefined): Column => ({
  name: `${name} p50/p95`,
  text: (f) => {
    const t = of(f);
    return t ? `${duration(t.p50)} / ${duration(t.p95)}` : NONE;
  },
});

/** Of a table of journeys, actions, channels or segments. */
const COLUMNS: readonly Column[] = [
  count("decisions", (f) => f.decisions),
  share("acted", (f) => f.actRate),
  count("contacts", (f) => f.contacts),
  {
    name: "per customer",
    text: (f) => (f.contactsPerCustomer === undefined ? NONE : number(f.contactsPerCustomer)),
  },
  share("delivered", (f) => f.deliveryRate),
  share("converted", (f) => f.conversionRate),
  share("goal", (f) => f.goalRate),
  share("approved", (f) => f.approvalRate),
  share("recovered", (f) => f.recoveryRate),
  share("settled", (f) => f.firstContactResolution),
  count("opt-outs", (f) => f.optOuts),
  time("to command", (f) => f.reaction),
  time("to delivery", (f) => f.delivery),
];

/** Those that say something here. Decisions are of an action or a channel only when they acted. */
export function columnsOf(dimension: string, figures: readonly KpiFigures[]): readonly Column[] {
  const always = dimension === "action" || dimension === "channel" ? "acted" : undefined;
  return COLUMNS.filter((c) => c.name !== always && figures.some((f) => c.text(f) !== NONE));
}

function figuresTable(
  dimension: string,
  head: string,
  figures: Readonly<Record<string, KpiFigures>>,
): string {
  const columns = columnsOf(dimension, Object.values(figures));
  return textTable(
    [head, ...columns.map((c) => c.name)],
    Object.entries(figures).map(([name, f]) => [name, ...columns.map((c) => c.text(f))]),
  );
}

/** The report for a terminal. */
export function kpiText(report: KpiReport): string {
  const { all, by, fairness } = report;
  const sections = [
    `Key figures${report.since ? ` since ${report.since}` : ""}${report.until ? ` until ${report.until}` : ""}, up to ${report.latest}`,
    figuresTable("all", "", { all }),
    textTable(
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
    textTable(
      ["response to the n-th contact", ...all.fatigue.map((_, i) => nth(i))],
      [["", ...all.fatigue.map((r) => percent(r?.value))]],
    ),
    ...Object.entries(by).map(([dimension, figures]) =>
      figuresTable(dimension, dimension === "segment" ? `segment (${report.segment})` : dimension, figures),
    ),
    ...fairness.map(fairnessText),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** `1`, `2`, … and `10+` for the last. */
export function nth(i: number): string {
  return i === 9 ? "10+" : String(i + 1);
}

function fairnessText(report: FairnessReport): string {
  const rows = report.rates.flatMap(({ rate, groups }) =>
    groups.map((g) => [
      `${rate}: ${g.group}`,
      percentWithin(g.rate),
      number(g.rate.of),
      g.ratio ? within(g.ratio) : NONE,
      g.alert ? "ALERT" : "",
    ]),
  );
  const title = `Fairness monitor ${report.monitor} (groups by ${report.attribute}; for monitoring alone)`;
  return `${title}\n${textTable(["", "rate", "customers", "ratio to the best group", ""], rows)}\n${fairnessVerdict(report)}`;
}

/** What may be said of the groups, in sentences. */
export function fairnessVerdict({ attribute, bound, minimum, judged, alerts }: FairnessReport): string {
  if (judged < 2)
    return `Nothing can be compared: fewer than two groups have ${minimum} customers. The group comes as an attribute of events, attributes: { ${attribute}: … }.`;
  if (alerts.length === 0)
    return `No group is below ${number(bound * 100)} % of the best one's rate beyond chance.`;
  return alerts.map((a) => `ALERT: ${alertText(a)}`).join("\n");
}

/** An alert as a sentence. */
function alertText({ rate, group, ratio }: FairnessAlert): string {
  const what = { offer: "are offered something", contact: "are contacted", denial: "are spared a denial" }[
    rate
  ];
  return `customers of the group ${group} ${what} ${number(ratio * 100)} % as often as those of the best group.`;
}
