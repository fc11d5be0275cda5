/**
 * Key figures, fairness and experiments in Prometheus' text format. Labels are journeys, actions, channels, segments and
 * groups, all bounded; never a customer. Each dimension has metrics of its own, so that a sum counts nothing twice.
 */
import type { DurationHistogram } from "./duration-histogram.js";
import type { ExperimentReport } from "./experiment-report.js";
import type { FairnessReport } from "./fairness.js";
import { KpiCell } from "./kpi-cell.js";
import { KPI_DIMENSIONS, type KpiFold } from "./kpi-fold.js";

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** Seconds. */
const BOUNDS = [0.01, 0.1, 1, 10, 60, 600, 3_600, 86_400] as const;

interface Counted {
  readonly name: string;
  readonly help: string;
  readonly samples: (cell: KpiCell) => readonly Sample[];
}

const COUNTERS: readonly Counted[] = [
  { name: "journeys_entered", help: "Journeys entered", samples: (c) => [[{}, c.entered]] },
  { name: "goals_reached", help: "Goals reached", samples: (c) => [[{}, c.goals]] },
  {
    name: "decisions",
    help: "Decisions, by answer",
    samples: (c) => [
      [{ answer: "act" }, c.acted],
      [{ answer: "defer" }, c.deferred],
      [{ answer: "none" }, c.silent],
      [{ answer: "control_group" }, c.heldOut],
      [{ answer: "unavailable" }, c.unavailable],
    ],
  },
  { name: "contacts", help: "Contacts ordered", samples: (c) => [[{}, c.contacts]] },
  { name: "customers_contacted", help: "Customers contacted", samples: (c) => [[{}, c.contacted]] },
  {
    name: "outcomes",
    help: "Outcomes of contacts",
    samples: (c) => [...c.outcomes].map(([outcome, n]) => [{ outcome }, n]),
  },
  { name: "opt_outs", help: "Opt-outs within a week of a contact", samples: (c) => [[{}, c.optOuts]] },
  {
    name: "applications",
    help: "Loan applications decided, by result",
    samples: (c) => [
      [{ result: "approved" }, c.approved],
      [{ result: "refused" }, c.refused],
    ],
  },
  { name: "failures", help: "Failures that a journey took up", samples: (c) => [[{}, c.failures]] },
  { name: "recoveries", help: "Failures put right", samples: (c) => [[{}, c.recovered]] },
  { name: "cases", help: "Cases that an agent took", samples: (c) => [[{}, c.cases]] },
  {
    name: "cases_again",
    help: "Cases followed by another within a week",
    samples: (c) => [[{}, c.casesAgain]],
  },
];

const HISTOGRAMS: readonly {
  readonly name: string;
  readonly help: string;
  readonly of: (cell: KpiCell) => DurationHistogram;
}[] = [
  { name: "event_to_command_seconds", help: "From the event to the command", of: (c) => c.toCommand },
  { name: "command_to_delivery_seconds", help: "From the command to its delivery", of: (c) => c.toDelivery },
];

/** `segue_contacts_total` in all, `segue_journey_contacts_total{journey="…"}` and so on. */
export function kpiMetrics(fold: KpiFold): string {
  const lines: string[] = [];
  for (const dimension of KPI_DIMENSIONS) {
    const prefix = dimension === "all" ? "segue" : `segue_${dimension}`;
    const cells = [...fold.cells(dimension)].map(
      ([value, cell]) => [dimension === "all" ? {} : { [dimension]: value }, cell] as [Labels, KpiCell],
    );
    for (const { name, help, samples } of COUNTERS)
      family(lines, `${prefix}_${name}_total`, help, "counter", () =>
        cells.flatMap(([labels, cell]) =>
          samples(cell).map(([more, value]): Sample => [{ ...labels, ...more }, value]),
        ),
      );
    for (const { name, help, of } of HISTOGRAMS) {
      const metric = `${prefix}_${name}`;
      lines.push(`# HELP ${metric} ${help}`, `# TYPE ${metric} histogram`);
      for (const [labels, cell] of cells) lines.push(...histogram(metric, labels, of(cell)));
    }
  }
  return `${lines.join("\n")}\n`;
}

/** Fairness and experiments in Prometheus' text format. */
export function monitorMetrics(
  fairness: readonly FairnessReport[],
  experiments: readonly ExperimentReport[],
): string {
  const lines: string[] = [];
  const groups = fairness.flatMap((f) =>
    f.rates.flatMap((r) =>
      r.groups.map((g) => ({ labels: { monitor: f.monitor, rate: r.rate, group: g.group }, ...g })),
    ),
  );
  family(lines, "segue_fairness_rate", "Share of a group's customers", "gauge", () =>
    groups.map((g): Sample => [g.labels, g.rate.value]),
  );
  family(lines, "segue_fairness_ratio", "Favourable rate, to that of the best group", "gauge", () =>
    groups.flatMap((g): Sample[] => (g.ratio ? [[g.labels, g.ratio.value]] : [])),
  );
  family(lines, "segue_fairness_alert", "1 while a group is below the bound beyond chance", "gauge", () =>
    groups.map((g): Sample => [g.labels, Number(g.alert)]),
  );
  const labels = (e: ExperimentReport): Labels => ({ experiment: e.experiment, version: String(e.version) });
  family(lines, "segue_experiment_p", "p-value that is valid at any time", "gauge", () =>
    experiments.map((e): Sample => [labels(e), e.looks.at(-1)?.p ?? 1]),
  );
  family(lines, "segue_experiment_uplift", "Rate of success, treated less control group", "gauge", () =>
    experiments.flatMap((e): Sample[] => (e.uplift ? [[labels(e), e.uplift.value]] : [])),
  );
  return `${lines.join("\n")}\n`;
}

function family(
  lines: string[],
  name: string,
  help: string,
  type: "counter" | "gauge",
  samples: () => readonly Sample[],
): void {
  lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
  for (const [labels, value] of samples()) lines.push(`${name}${labelText(labels)} ${value}`);
}

function histogram(name: string, labels: Labels, h: DurationHistogram): string[] {
  return [
    ...BOUNDS.map((b) => `${name}_bucket${labelText({ ...labels, le: String(b) })} ${h.atMost(b * 1_000)}`),
    `${name}_bucket${labelText({ ...labels, le: "+Inf" })} ${h.count}`,
    `${name}_sum${labelText(labels)} ${h.sum / 1_000}`,
    `${name}_count${labelText(labels)} ${h.count}`,
  ];
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([k, v]) => `${k}="${v.replace(/[\\"\n]/g, "_")}"`);
  return parts.length > 0 ? `{${parts.join(",")}}` : "";
}
