/** The report as one page that needs nothing else: for whoever has to agree that a version may be published. */
import { chartSvg, escapeXml, htmlPage, type Chart } from "#plot";
import type { ChangeExample, ChangeKind } from "./difference.js";
import { write, type GateVerdict } from "./gate.js";
import type { SimulationReport } from "./report.js";
import { change, day, keys, number, silence, sum, time } from "./report-text.js";

/** A self-contained HTML document; inline SVG, no script. */
export function reportHtml(report: SimulationReport): string {
  const { candidate } = report;
  const title = `${candidate.journey} version ${candidate.version}: simulation`;
  return htmlPage(
    title,
    `${header(report)}
${limits(report)}
${cards(report)}
${changes(report)}
${customers(report)}
${caps(report)}
${assumptions(report)}`,
  );
}

const SERIES = { before: "published", after: "new" } as const;
const KIND_WORDS: Readonly<Record<ChangeKind, string>> = {
  gained: "Gained: said now, not before",
  lost: "Lost: said before, not now",
  changed: "Changed: another action, channel or time",
};

function header({ candidate, published, input, source, passes, gate }: SimulationReport): string {
  const broken = gate?.verdicts.filter((v) => v.verdict === "broken").length ?? 0;
  const verdict = !gate
    ? `<p class="verdict none">No gate was asked: no limit was judged.</p>`
    : passes
      ? `<p class="verdict ok"><strong>Within every limit.</strong> The version may be published.</p>`
      : `<p class="verdict bad"><strong>${broken} ${broken === 1 ? "limit is" : "limits are"} broken.</strong> The version may not be published.</p>`;
  return `<header>
<p class="eyebrow">Segue · simulation of a journey · nothing was sent</p>
<h1>${escapeXml(candidate.journey)} <span>${published ? `version ${published.version} → ${candidate.version}` : `version ${candidate.version}, new`}</span></h1>
<p class="lead">${number(input.events)} recorded events of ${number(input.customers)} customers, ${day(input.from)} to ${day(input.to)}${input.until > input.to ? `, followed up to ${day(input.until)}` : ""} (${escapeXml(source)}).</p>
${verdict}
</header>`;
}

function limits({ gate }: SimulationReport): string {
  if (!gate) return "";
  const row = (v: GateVerdict): string => {
    const measured = v.measured === undefined ? "–" : write(v.measured, v.unit);
    const sign = v.limit.startsWith("min") ? "≥" : "≤";
    const word = v.verdict === "kept" ? "kept" : v.verdict === "broken" ? "broken" : "not judged";
    return `<tr class="${v.verdict}"><td><span class="pill ${v.verdict}">${word}</span></td><td>${escapeXml(capital(v.rule))}<small>${escapeXml(v.verdict === "not-judged" ? v.detail : v.reason)}</small></td><td class="n">${measured}</td><td class="n">${sign} ${write(v.bound, v.unit)}</td></tr>`;
  };
  return `<section><h2>Does it break a limit?</h2>
<table><thead><tr><th></th><th>Limit</th><th class="n">Measured</th><th class="n">Allowed</th></tr></thead>
<tbody>${gate.verdicts.map(row).join("\n")}</tbody></table>
<p class="note">Gate <code>${escapeXml(gate.id)}</code>, version ${gate.version}.</p></section>`;
}

function cards({ before, after, difference, input }: SimulationReport): string {
  const card = (name: string, a: number, b: number, unit: "count" | "share" = "count"): string =>
    `<div class="card"><p>${name}</p><b>${write(b, unit)}</b><small>${a === b ? "as published" : `published ${write(a, unit)}${unit === "count" ? ` · ${change(a, b)}` : ""}`}</small></div>`;
  const share = (n: number): number => (input.customers === 0 ? 0 : n / input.customers);
  return `<section><h2>At a glance</h2><div class="cards">
${card("contacts", before.contacts, after.contacts)}
${card("customers contacted", before.customersContacted, after.customersContacted)}
${card("share of customers contacted", share(before.customersContacted), share(after.customersContacted), "share")}
${card("most contacts of anyone in 7 days", before.maxPerWeek, after.maxPerWeek)}
<div class="card"><p>customers whose decisions differ</p><b>${number(difference.customersConcerned)}</b><small>of ${number(input.customers)}</small></div>
</div></section>`;
}

function unheard(report: SimulationReport): string {
  const note = silence(report);
  return note === undefined ? "" : `<p class="verdict none">${escapeXml(note)}</p>`;
}

function changes(report: SimulationReport): string {
  const { difference, before, after } = report;
  const { gained, lost, changed, same } = difference;
  if (gained + lost + changed === 0)
    return `<section><h2>What changes?</h2>${unheard(report)}<p class="verdict ok">Nothing: each of the ${number(same)} decisions to act is the same in both versions.</p></section>`;
  const total = Math.max(1, gained + lost + changed + same);
  const bar = (["same", "changed", "gained", "lost"] as const)
    .map((k) => ({ k, n: difference[k] }))
    .filter(({ n }) => n > 0)
    .map(
      ({ k, n }) =>
        `<i class="${k}" style="width:${((100 * n) / total).toFixed(2)}%" title="${k}: ${number(n)}"></i>`,
    )
    .join("");
  const legend = (["same", "changed", "gained", "lost"] as const)
    .map((k) => `<span><i class="${k}"></i>${k} ${number(difference[k])}</span>`)
    .join("");
  const reasons = Object.entries(difference.reasons)
    .slice(0, 12)
    .map(([reason, n]) => `<tr><td class="n">${number(n)}</td><td>${escapeXml(reason)}</td></tr>`)
    .join("\n");
  const examples = (["gained", "lost", "changed"] as const)
    .map((kind) =>
      exampleTable(
        kind,
        difference.examples.filter((e) => e.kind === kind),
      ),
    )
    .join("\n");
  return `<section><h2>What changes?</h2>
<p>Decisions to act, occasion by occasion:</p>
<div class="bar">${bar}</div><p class="legend">${legend}</p>
<div class="plots">
${chart({ title: "Contacts per channel", subtitle: "over all journeys", x: "channel", y: "contacts", categories: top(before.perChannel, after.perChannel), ...series(before.perChannel, after.perChannel) })}
${chart({ title: "Contacts per action", subtitle: "the most frequent ones, over all journeys", x: "action", y: "contacts", categories: top(before.perAction, after.perAction), ...series(before.perAction, after.perAction) })}
</div>
<h3>Why</h3><table><thead><tr><th class="n">Decisions</th><th>Reason</th></tr></thead><tbody>${reasons}</tbody></table>
${examples}</section>`;
}

function exampleTable(kind: ChangeKind, examples: readonly ChangeExample[]): string {
  if (examples.length === 0) return "";
  const rows = examples.map(
    (e) =>
      `<tr><td><code>${escapeXml(e.customerId)}</code><small>${escapeXml(e.event.type)} ${escapeXml(e.event.id)}</small></td><td class="t">${time(e.at)}</td><td>${escapeXml(e.before.text)}</td><td>${escapeXml(e.after.text)}</td><td>${escapeXml(e.why)}</td></tr>`,
  );
  return `<h3>${KIND_WORDS[kind]}</h3><table><thead><tr><th>Customer and event</th><th>When (UTC)</th><th>Published</th><th>New</th><th>Why</th></tr></thead><tbody>${rows.join("\n")}</tbody></table>`;
}

function customers({ before, after, difference }: SimulationReport): string {
  const most = difference.mostConcerned
    .map(
      (c) =>
        `<tr><td><code>${escapeXml(c.customerId)}</code></td><td class="n">${c.before}</td><td class="n">${c.after}</td><td class="n">${change(c.before, c.after)}</td></tr>`,
    )
    .join("\n");
  return `<section><h2>For whom?</h2>
<div class="plots">
${chart({ title: "Customers by contacts in all", subtitle: "those who are contacted at least once", x: "contacts", y: "customers", ...distribution(before.contactsPerCustomer, after.contactsPerCustomer) })}
${chart({ title: "Customers by contacts in their busiest 7 days", subtitle: "any 7 days, not calendar weeks", x: "contacts in 7 days", y: "customers", ...distribution(before.busiestWeek, after.busiestWeek) })}
</div>
${most === "" ? `<p>No customer is contacted more or less often than before.</p>` : `<h3>Whose number of contacts changes the most</h3><table class="narrow"><thead><tr><th>Customer</th><th class="n">Published</th><th class="n">New</th><th class="n">Change</th></tr></thead><tbody>${most}</tbody></table>`}
</section>`;
}

function caps({ before, after }: SimulationReport): string {
  const rules = [...new Set([...after.caps, ...before.caps].map((c) => c.rule))];
  const cell = (caps: typeof before.caps, rule: string): string => {
    const found = caps.find((c) => c.rule === rule);
    return `<td class="n">${number(found?.decisions ?? 0)}</td><td class="n">${number(found?.customers ?? 0)}</td>`;
  };
  const capRows = rules
    .map(
      (rule) =>
        `<tr><td><code>${escapeXml(rule)}</code></td>${cell(before.caps, rule)}${cell(after.caps, rule)}</tr>`,
    )
    .join("\n");
  const counts = (a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): string =>
    keys(a, b)
      .slice(0, MOST_ROWS)
      .map(
        (reason) =>
          `<tr><td><code>${escapeXml(reason)}</code></td><td class="n">${number(a[reason] ?? 0)}</td><td class="n">${number(b[reason] ?? 0)}</td></tr>`,
      )
      .join("\n");
  const reasons = (rows: string, otherwise: string): string =>
    rows === ""
      ? `<p>${otherwise}</p>`
      : `<table class="narrow"><thead><tr><th>Reason</th><th class="n">Published</th><th class="n">New</th></tr></thead><tbody>${rows}</tbody></table>`;
  return `<section><h2>Where policy and arbitration step in</h2>
<h3>Caps that closed a channel</h3>
${capRows === "" ? "<p>None was touched.</p>" : `<table><thead><tr><th rowspan="2">Cap</th><th colspan="2">Published</th><th colspan="2">New</th></tr><tr><th class="n">decisions</th><th class="n">customers</th><th class="n">decisions</th><th class="n">customers</th></tr></thead><tbody>${capRows}</tbody></table>`}
<h3>Why nothing was said</h3>
${reasons(counts(before.silent, after.silent), "Something was said each time.")}
<h3>Who may not enter, or lost to another journey</h3>
${reasons(counts(before.refused, after.refused), "Nobody.")}
<p class="note">Beside contacts, cases for agents and things done: published ${number(sum(before.otherCommands))}, new ${number(sum(after.otherCommands))}. Commands that came to nothing: published ${number(before.undelivered)}, new ${number(after.undelivered)}.</p>
</section>`;
}

function assumptions({ assumptions: given, responses, after }: SimulationReport): string {
  const model = Object.entries(responses.channels)
    .filter(
      ([channel]) => after.perChannel[channel] !== undefined || channel === "execute" || channel === "agent",
    )
    .map(([channel, text]) => `<tr><td>${escapeXml(channel)}</td><td>${escapeXml(text)}</td></tr>`)
    .join("\n");
  const failures =
    after.failed + after.cut.length === 0
      ? ""
      : `<p class="verdict bad">${number(after.failed)} events could not be handled (${escapeXml(after.failures.join("; "))}); the runs of ${number(after.cut.length)} customers did not end.</p>`;
  return `<section><h2>How these numbers came about</h2>${failures}
<ul>${given.map((a) => `<li>${escapeXml(a)}</li>`).join("\n")}</ul>
<h3>The response model</h3><table><tbody>${model}</tbody></table></section>`;
}

const MOST_CATEGORIES = 6;
const WIDEST = 12;
const MOST_ROWS = 10;

function top(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): string[] {
  return keys(a, b).slice(0, MOST_CATEGORIES);
}

function series(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Pick<Chart, "series" | "kind"> {
  const names = top(a, b);
  return {
    kind: "grouped",
    series: [
      { name: SERIES.before, values: names.map((k) => a[k] ?? 0) },
      { name: SERIES.after, values: names.map((k) => b[k] ?? 0) },
    ],
  };
}

/** Bars for 1, 2, 3 … contacts; what is beyond stands in the last one. */
function distribution(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Pick<Chart, "categories" | "series" | "kind"> {
  const most = Math.max(1, ...[...Object.keys(a), ...Object.keys(b)].map(Number));
  const last = Math.min(most, WIDEST);
  const counts = Array.from({ length: last }, (_, i) => i + 1);
  const values = (side: Readonly<Record<string, number>>): number[] =>
    counts.map((n) =>
      Object.entries(side).reduce(
        (total, [k, v]) => total + (Number(k) === n || (n === last && Number(k) > n) ? v : 0),
        0,
      ),
    );
  return {
    kind: "grouped",
    categories: counts.map((n) => (n === last && most > last ? `${n}+` : String(n))),
    series: [
      { name: SERIES.before, values: values(a) },
      { name: SERIES.after, values: values(b) },
    ],
  };
}

function chart(given: Chart): string {
  if (given.categories.length === 0) return "";
  return `<figure>${chartSvg({ ...given, size: { width: 640, height: 380 } })}</figure>`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
