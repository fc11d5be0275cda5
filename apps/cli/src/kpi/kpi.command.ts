/** `segue kpi`: what came of everything that was decided and said. */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { NatsConnection } from "@nats-io/nats-core";
import type { FairnessDefinition } from "#contracts";
import { loadFairness, loadModels } from "#definitions";
import { KPI_DIMENSIONS, kpiHtml, kpiReport, kpiText, readKpis, type KpiDimension } from "#insight";
import { commonOptions, runWithNats, write, writeJson, WrongArguments } from "../audit/with-nats.js";
import type { Command } from "../command.js";
import { NATS_DEFAULT_TEXT } from "../nats-option.js";
import { serveKpis } from "./serve-kpis.js";

const HELP = `segue kpi [--since <time>] [--until <time>] [--by journey|action|channel|segment] [--segment <attribute>]
          [--fairness] [--html <file>] [--json] [--nats <url>]
segue kpi --serve <port> [--fairness] [--every <minutes>] [--max-customers <n>] [--segment <attribute>] [--nats <url>]

  Key figures from the audit: reaction time (event to command, command to delivery), delivery, conversion, goals, contacts
  per customer, opt-outs, fatigue (response by n-th contact), loan approvals, failures put right, agent cases settled at
  first contact; in all, and per journey, action, channel and segment. docs/insight.md says how each is counted.

  --since, --until   ISO 8601, such as 2026-11-01 or 2026-11-01T08:00:00Z
  --by               only this table
  --segment          the customer attribute that says the segment (default segment)
  --fairness         rates of offer, denial and contact of the groups that fairness/ declares; an alert is exit status 1
  --definitions      where fairness/ is (default: this folder)
  --html <file>      writes a page with plots
  --json             one JSON document
  --serve <port>     Prometheus metrics at /metrics of 127.0.0.1, following the audit; --host for another address;
                     fairness and experiments anew every so many minutes (default 15); remembers at most so many
                     customers (default 100000, about 3 KB each)
  --nats <url>       ${NATS_DEFAULT_TEXT}

  Exit status: 0 done, 1 a fairness alert or not reachable, 2 not understood.
`;

export const kpiCommand: Command = {
  summary:
    "key figures from the audit: reaction, delivery, conversion, fatigue, opt-outs, fairness; plots and metrics",
  help: HELP,
  run: (args) =>
    runWithNats("kpi", HELP, () => {
      const { values } = parseArgs({
        args: [...args],
        options: {
          ...commonOptions,
          since: { type: "string" },
          until: { type: "string" },
          by: { type: "string" },
          segment: { type: "string", default: "segment" },
          fairness: { type: "boolean", default: false },
          definitions: { type: "string", default: "." },
          html: { type: "string" },
          serve: { type: "string" },
          host: { type: "string", default: "127.0.0.1" },
          every: { type: "string", default: "15" },
          "max-customers": { type: "string", default: "100000" },
        },
      });
      if (values.help) return "help";
      const monitors = values.fairness ? loadFairness(values.definitions) : [];
      if (values.fairness && monitors.length === 0)
        throw new WrongArguments(
          `--fairness: ${values.definitions} declares no monitor: put one into fairness/, or say --definitions`,
        );
      const { nats, segment, serve } = values;
      if (serve !== undefined) {
        const port = whole("--serve", serve);
        const everyMinutes = whole("--every", values.every);
        const maxCustomers = whole("--max-customers", values["max-customers"]);
        const { host } = values;
        const models = loadModels(values.definitions);
        return {
          nats,
          run: (nc) =>
            serveKpis(nc, { host, port, everyMinutes, maxCustomers, segment, monitors, models }, process),
        };
      }
      const options: KpiCommandOptions = {
        since: timeOption("--since", values.since),
        until: timeOption("--until", values.until),
        by: dimensionOption(values.by),
        segment,
        monitors,
        html: values.html,
        json: values.json,
      };
      return { nats, run: (nc) => kpis(nc, options) };
    }),
};

interface KpiCommandOptions {
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly by: KpiDimension | undefined;
  readonly segment: string;
  readonly monitors: readonly FairnessDefinition[];
  readonly html: string | undefined;
  readonly json: boolean;
}

async function kpis(nc: NatsConnection, options: KpiCommandOptions): Promise<number> {
  const { since, until, segment, by, monitors, html, json } = options;
  const { fold, fairness } = await readKpis(nc, { since, until, segment }, monitors);
  const report = kpiReport(fold, { since, until, segment, by, fairness });
  if (html !== undefined) writeFileSync(html, kpiHtml(report));
  if (json) await writeJson(report);
  else await write(kpiText(report));
  return fairness.some((f) => f.alerts.length > 0) ? 1 : 0;
}

function timeOption(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new WrongArguments(`${name} ${text}: use a time such as 2026-11-01 or 2026-11-01T08:00:00Z`);
  return time;
}

function dimensionOption(text: string | undefined): KpiDimension | undefined {
  if (text === undefined) return undefined;
  const found = KPI_DIMENSIONS.find((d) => d !== "all" && d === text);
  if (!found) throw new WrongArguments(`--by ${text}: use journey, action, channel or segment`);
  return found;
}

function whole(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new WrongArguments(`${name} ${text}: use a whole number`);
  return Number(text);
}
