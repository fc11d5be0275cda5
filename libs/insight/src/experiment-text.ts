/** Reports of experiments as text, and as one page with plots. */
import { chartSvg, escapeXml, htmlPage, number, textTable } from "#plot";
import type { ExperimentReport } from "./experiment-report.js";
import { day, NONE, percent, percentWithin, within } from "./figures-text.js";

const METHOD =
  "Customers count in the group they were drawn into, whatever was said to them (intention to treat), from their first decision that marketing came to, and once their time is over. Uplift: Newcombe's interval, for one look. Ratio: bounds and p-value that hold however often one looks (mixture likelihood ratio over the arms of the successes; Lindon & Malek 2022).";

/** The reports for a terminal. */
export function experimentsText(reports: readonly ExperimentReport[]): string {
  if (reports.length === 0)
    return "No decision on record was made under an experiment: put one into experiments/, and let the decision service start with it.\n";
  return `${reports.map(oneText).join("\n\n")}\n\n${METHOD}\n`;
}

function oneText(r: ExperimentReport): string {
  const arm = (name: string, a: ExperimentReport["treated"]): string[] => [
    name,
    number(a.customers),
    number(a.successes),
    percentWithin(a.rate),
    a.valuePerCustomer === undefined ? NONE : number(a.valuePerCustomer),
  ];
  const last = r.looks.at(-1);
  return [
    `Experiment ${r.experiment}, version ${r.version}: ${r.journeys?.join(", ") ?? "all marketing"}; ${percent(r.controlShare)} held out`,
    textTable(
      ["", "customers", "successes", "rate (95 % interval)", "value each"],
      [arm("treated", r.treated), arm("control group", r.control)],
    ),
    ...(r.uplift ? [`Uplift, percentage points: ${points(r)}`] : []),
    ...(r.extraSuccesses
      ? [`Successes that would not have been otherwise: ${within(r.extraSuccesses)}`]
      : []),
    ...(r.valueUplift ? [`Uplift of value per customer: ${within(r.valueUplift)}`] : []),
    ...(last ? [`Treated succeed ${bounds(last)} as often; p = ${number(last.p)}, valid at any time`] : []),
    `Not counted yet, because their time is not over: ${number(r.waiting)} customers`,
    verdict(r),
  ].join("\n");
}

const bounds = ({ low, high }: { low: number; high: number }): string =>
  Number.isFinite(high) ? `${number(low)} to ${number(high)} times` : `at least ${number(low)} times`;

function points({ uplift }: ExperimentReport): string {
  const { value, low, high } = uplift!;
  return within({ value: value * 100, low: low * 100, high: high * 100 });
}

/** What may be said, in a sentence. */
export function verdict({
  verdict: found,
  groupsOff,
  controlShare,
  treated,
  control,
}: ExperimentReport): string {
  if (groupsOff)
    return `The groups are not of the sizes that the lot gives (${percent(control.customers / Math.max(1, control.customers + treated.customers))} in the control group instead of ${percent(controlShare)}): something lost customers of one group, and nothing here may be believed before it is found.`;
  if (found === "better")
    return "Marketing makes more of them succeed: beyond chance, however often one has looked.";
  if (found === "worse")
    return "Marketing makes fewer of them succeed: beyond chance, however often one has looked.";
  return "Nothing is decided yet: go on, or learn to live with not knowing. Looking again costs nothing.";
}

/** The reports as one page with plots. */
export function experimentsHtml(reports: readonly ExperimentReport[]): string {
  return htmlPage(
    "Segue: experiments",
    `<header><p class="eyebrow">Segue · from the audit</p><h1>Experiments</h1><p class="lead">${escapeXml(METHOD)}</p></header>
${reports.length === 0 ? `<section><p class="verdict none">${escapeXml(experimentsText([]))}</p></section>` : reports.map(oneHtml).join("\n")}`,
  );
}

/** Above this a ratio says no more than "unknown". */
const MOST_RATIO = 4;
/** Day labels that fit beside each other. */
const LABELS = 8;

function oneHtml(r: ExperimentReport): string {
  const every = Math.max(1, Math.ceil(r.looks.length / LABELS));
  const categories = r.looks.map((l, i) => (i % every === 0 ? day(l.day).slice(5).replace("-", "/") : ""));
  const subtitle = `${r.experiment}, version ${r.version}`;
  const share = (value: number | undefined): number | undefined =>
    value === undefined ? undefined : value * 100;
  const shown = (value: number): number | undefined => (value <= MOST_RATIO ? value : undefined);
  const ratio = (l: ExperimentReport["looks"][number]): number | undefined =>
    l.controlRate === undefined || l.treatedRate === undefined || l.controlRate === 0
      ? undefined
      : shown(l.treatedRate / l.controlRate);
  const line = { kind: "line", pointLabels: false } as const;
  const rates = chartSvg({
    ...line,
    title: "Rate of success so far",
    subtitle,
    x: "day on which the customers' time was over",
    y: "success (%)",
    categories,
    series: [
      { name: "treated", values: r.looks.map((l) => share(l.treatedRate)) },
      { name: "control group", values: r.looks.map((l) => share(l.controlRate)) },
    ],
  });
  const ratios = chartSvg({
    ...line,
    title: "Treated succeed so many times as often",
    subtitle: `${subtitle}; 95 % bounds over all days together`,
    x: "day on which the customers' time was over",
    y: "ratio of rates",
    categories,
    series: [
      { name: "so far", values: r.looks.map(ratio) },
      { name: "at least", values: r.looks.map((l) => shown(l.low)) },
      { name: "at most", values: r.looks.map((l) => shown(l.high)) },
    ],
    target: { value: 1, label: "no difference" },
  });
  const arm = (name: string, a: ExperimentReport["treated"]): string =>
    `<tr><td>${name}</td><td class="n">${number(a.customers)}</td><td class="n">${number(a.successes)}</td><td class="n">${percentWithin(a.rate)}</td><td class="n">${a.valuePerCustomer === undefined ? NONE : number(a.valuePerCustomer)}</td></tr>`;
  const last = r.looks.at(-1);
  const tone = r.groupsOff || r.verdict === "worse" ? "bad" : r.verdict === "better" ? "ok" : "none";
  return `<section><h2>${escapeXml(r.experiment)} <small>version ${r.version}</small></h2>
<p class="lead">${escapeXml(r.description)}</p>
<p class="verdict ${tone}">${escapeXml(verdict(r))}</p>
<table><thead><tr><th></th><th class="n">Customers</th><th class="n">Successes</th><th class="n">Rate (95 %)</th><th class="n">Value each</th></tr></thead><tbody>${arm("Treated", r.treated)}${arm(`Control group (${percent(r.controlShare)})`, r.control)}</tbody></table>
<ul>
${r.uplift ? `<li>Uplift, percentage points: <b>${points(r)}</b></li>` : ""}
${r.extraSuccesses ? `<li>Successes that would not have been otherwise: <b>${within(r.extraSuccesses)}</b></li>` : ""}
${r.valueUplift ? `<li>Uplift of value per customer: <b>${within(r.valueUplift)}</b></li>` : ""}
${last ? `<li>The treated succeed <b>${bounds(last)}</b> as often; p = ${number(last.p)}. Holds however often one looks.</li>` : ""}
<li>Not counted yet, because their time is not over: ${number(r.waiting)} customers</li>
</ul>
${r.looks.length > 1 ? `<div class="plots"><figure>${rates}</figure><figure>${ratios}</figure></div>` : ""}</section>`;
}
