/** The key figures as one page with plots. */
import { chartSvg, escapeXml, htmlPage, number, type Chart } from "#plot";
import type { FairnessReport } from "./fairness.js";
import { duration, NONE, percent, percentWithin, within } from "./figures-text.js";
import type { KpiFigures } from "./kpi-cell.js";
import { columnsOf, fairnessVerdict, nth, type KpiReport } from "./kpi-report.js";

/** The whole report as one page. */
export function kpiHtml(report: KpiReport): string {
  const { since, until, latest, all, by, fairness } = report;
  const period = `${since ? `since ${since} ` : ""}${until ? `until ${until} ` : ""}up to ${latest}`;
  return htmlPage(
    "Segue: key figures",
    `<header><p class="eyebrow">Segue · from the audit</p><h1>Key figures</h1>
<p class="lead">What was decided, said and brought about, ${escapeXml(period)}.</p>${cards(all)}</header>
<section><h2>Fatigue and load</h2><div class="plots">${fatigueChart(all, period)}${contactsChart(all, period)}</div></section>
${Object.entries(by)
  .map(([dimension, figures]) => dimensionSection(dimension, figures, period))
  .join("\n")}
${fairness.map((f) => fairnessSection(f, period)).join("\n")}`,
  );
}

const figure = (chart: Chart): string => `<figure>${chartSvg(chart)}</figure>`;

function cards(f: KpiFigures): string {
  const card = (name: string, value: string, note = ""): string =>
    `<div class="card"><p>${name}</p><b>${value}</b><small>${escapeXml(note)}</small></div>`;
  const rated = (name: string, r: KpiFigures["actRate"]): string =>
    card(name, percent(r?.value), r ? `${percentWithin(r)} of ${number(r.of)}` : "");
  return `<div class="cards">
${card("decisions", number(f.decisions), `${number(f.heldOut)} held out for a control group`)}
${card("contacts", number(f.contacts), `${number(f.customersContacted)} customers, ${f.contactsPerCustomer === undefined ? NONE : number(f.contactsPerCustomer)} each`)}
${card("event to command, median", duration(f.reaction?.p50), `95th percentile ${duration(f.reaction?.p95)}`)}
${card("command to delivery, median", duration(f.delivery?.p50), `95th percentile ${duration(f.delivery?.p95)}`)}
${rated("delivered", f.deliveryRate)}
${rated("converted", f.conversionRate)}
${rated("opt-outs per contact", f.optOutRate)}
${rated("loan applications approved", f.approvalRate)}
${rated("failures put right", f.recoveryRate)}
${rated("agent cases settled at first contact", f.firstContactResolution)}
</div>`;
}

function fatigueChart({ fatigue }: KpiFigures, subtitle: string): string {
  const of = (pick: "value" | "low" | "high"): (number | undefined)[] =>
    fatigue.map((r) => (r ? r[pick] * 100 : undefined));
  return figure({
    title: "Response by n-th contact",
    subtitle,
    x: "n-th contact of a customer",
    y: "responded (%)",
    categories: fatigue.map((_, i) => nth(i)),
    series: [
      { name: "responded", values: of("value") },
      { name: "low (95 %)", values: of("low") },
      { name: "high (95 %)", values: of("high") },
    ],
    kind: "line",
    pointLabels: false,
  });
}

function contactsChart({ customersByContacts }: KpiFigures, subtitle: string): string {
  return figure({
    title: "Customers by number of contacts",
    subtitle,
    x: "contacts",
    y: "customers",
    categories: customersByContacts.map((_, i) => nth(i)),
    series: [{ name: "customers", values: customersByContacts }],
    kind: "grouped",
  });
}

/** Bars that still can be read. */
const MOST_BARS = 8;

/** An interval shows when one points at its figure. */
function dimensionSection(
  dimension: string,
  figures: Readonly<Record<string, KpiFigures>>,
  subtitle: string,
): string {
  const rows = Object.entries(figures);
  if (rows.length === 0) return "";
  const most = [...rows].sort(([, a], [, b]) => b.contacts - a.contacts).slice(0, MOST_BARS);
  const categories = most.map(([name]) => name);
  const shares = (pick: (f: KpiFigures) => KpiFigures["actRate"]): (number | undefined)[] =>
    most.map(([, f]) => {
      const r = pick(f);
      return r ? r.value * 100 : undefined;
    });
  const times = (pick: (f: KpiFigures) => number | undefined): (number | undefined)[] =>
    most.map(([, f]) => {
      const ms = pick(f);
      return ms === undefined ? undefined : ms / 1_000;
    });
  const columns = columnsOf(
    dimension,
    rows.map(([, f]) => f),
  );
  const cells = ([name, f]: [string, KpiFigures]): string =>
    `<tr><td class="t">${escapeXml(name)}</td>${columns.map((c) => `<td class="n" title="${escapeXml(c.detail?.(f) ?? "")}">${c.text(f)}</td>`).join("")}</tr>`;
  const bars = (title: string, y: string, series: Chart["series"]): string =>
    series.every(({ values }) => values.every((v) => v === undefined))
      ? ""
      : figure({
          title: `${title} by ${dimension}`,
          subtitle,
          x: dimension,
          y,
          categories,
          series,
          kind: "grouped",
        });
  return `<section><h2>By ${escapeXml(dimension)}</h2><div class="plots">
${bars("Delivered", "share (%)", [{ name: "delivered", values: shares((f) => f.deliveryRate) }])}
${bars("Converted, goal reached", "share (%)", [
  { name: "converted", values: shares((f) => f.conversionRate) },
  { name: "goal reached", values: shares((f) => f.goalRate) },
])}
${bars("From event to command", "seconds", [
  { name: "median", values: times((f) => f.reaction?.p50) },
  { name: "95th percentile", values: times((f) => f.reaction?.p95) },
])}
</div>
<table><thead><tr><th></th>${columns.map((c) => `<th class="n">${c.name}</th>`).join("")}</tr></thead><tbody>${rows.map(cells).join("\n")}</tbody></table></section>`;
}

function fairnessSection(report: FairnessReport, subtitle: string): string {
  const { monitor, attribute, bound, rates, alerts } = report;
  const groups = [...new Set(rates.flatMap((r) => r.groups.map((g) => g.group)))];
  const rows = rates
    .flatMap(({ rate, groups: of }) =>
      of.map(
        (g) =>
          `<tr${g.alert ? ' class="broken"' : ""}><td>${rate}</td><td>${escapeXml(g.group)}</td><td class="n">${number(g.rate.of)}</td><td class="n">${percentWithin(g.rate)}</td><td class="n">${g.ratio ? within(g.ratio) : NONE}</td><td>${g.alert ? '<span class="pill broken">alert</span>' : ""}</td></tr>`,
      ),
    )
    .join("\n");
  const tone = report.judged < 2 ? "none" : alerts.length > 0 ? "bad" : "ok";
  return `<section><h2>Fairness: ${escapeXml(monitor)}</h2><p class="verdict ${tone}">${escapeXml(fairnessVerdict(report))}</p>
<div class="plots">${figure({
    title: `Rates by ${attribute}`,
    subtitle,
    x: "group",
    y: "customers (%)",
    categories: groups,
    series: rates.map(({ rate, groups: of }) => ({
      name: rate,
      values: groups.map((name) => {
        const found = of.find((g) => g.group === name);
        return found ? found.rate.value * 100 : undefined;
      }),
    })),
    kind: "grouped",
    top: 100,
  })}</div>
<table><thead><tr><th>Rate</th><th>Group</th><th class="n">Customers</th><th class="n">Rate (95 %)</th><th class="n">Ratio to the best group (95 %)</th><th></th></tr></thead><tbody>${rows}</tbody></table>
<p class="note">Groups serve for monitoring alone: no decision can know them. For denial the ratio is of those who were not denied. Alert: below ${number(bound * 100)} % (29 CFR 1607.4(D)) and beyond chance at 5 %.</p></section>`;
}
