/** `segue audit`: is the audit whole, and here it is. */
import { parseArgs, styleText } from "node:util";
import type { NatsConnection } from "@nats-io/nats-core";
import {
  exportCustomers,
  exportPublications,
  verifyCustomers,
  verifyPublications,
  type Finding,
} from "#audit";
import type { Command } from "../command.js";
import { commonOptions, customerOption, runWithNats, write, writeJson, WrongArguments } from "./with-nats.js";
import { NATS_DEFAULT_TEXT } from "../nats-option.js";

const HELP = `segue audit verify [--customer <id>] [--json] [--nats <url>]
segue audit export [--customer <id>] [--since <time>] [--nats <url>]

  verify   Reads every customer's chain of audit records, and the chains of what was published, and says what was
           changed, is missing, stands in another order or was cut off; whether each decision that a record names has
           its decision record, unchanged; whether each command agrees with the decision that ordered it. Ends with
           exit status 1 when something was found. The system may run meanwhile.
  export   Writes the records as lines of JSON, each with its lineage: the events (ids, and their places in EVT) that
           led to each decision, command and outcome.

  --customer <id>   only this customer (without what was published)
  --since <time>    records from this time on, ISO 8601 such as 2026-11-21 or 2026-11-21T08:00:00Z
  --json            verify: one JSON document
  --nats <url>      ${NATS_DEFAULT_TEXT}
`;

export const auditCommand: Command = {
  summary: "verify the audit's hash chains, or export it with its lineage",
  help: HELP,
  run: (args) =>
    runWithNats("audit", HELP, () => {
      const { values, positionals } = parseArgs({
        args: [...args],
        allowPositionals: true,
        options: { ...commonOptions, customer: { type: "string" }, since: { type: "string" } },
      });
      if (values.help) return "help";
      const [what, ...rest] = positionals;
      if (rest.length > 0) throw new WrongArguments(`${JSON.stringify(rest[0])} is too much`);
      const customer = values.customer === undefined ? undefined : customerOption(values.customer);
      const { nats, json } = values;
      if (what === "verify") {
        if (values.since !== undefined)
          throw new WrongArguments("verify reads every chain from its beginning: leave --since out");
        return { nats, run: (nc) => verify(nc, customer, json) };
      }
      if (what === "export") {
        const since = values.since === undefined ? undefined : timeOf(values.since);
        return { nats, run: (nc) => exportLines(nc, customer, since) };
      }
      throw new WrongArguments(
        `say verify or export${what === undefined ? "" : `, not ${JSON.stringify(what)}`}`,
      );
    }),
};

function timeOf(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new WrongArguments(`--since ${text}: use a time such as 2026-11-21T08:00:00Z`);
  return ms;
}

/** So many findings are told in the JSON document; all are counted. */
const MAX_TOLD = 1_000;

async function verify(nc: NatsConnection, customer: string | undefined, json: boolean): Promise<number> {
  const told: Finding[] = [];
  const onFinding = (finding: Finding): void => {
    if (json && told.length < MAX_TOLD) told.push(finding);
    if (!json) process.stdout.write(findingText(finding));
  };
  const progress = process.stderr.isTTY && !json;
  const customers = await verifyCustomers(nc, {
    ...(customer === undefined ? {} : { customer }),
    onFinding,
    ...(progress
      ? {
          onProgress: (done, of, counts) =>
            void process.stderr.write(`\r${done} of ${of} partitions, ${counts.records} records `),
        }
      : {}),
  });
  if (progress) process.stderr.write("\r\u001B[K");
  if (customer !== undefined && customers.customers === 0)
    throw new Error(`nothing is on record of customer ${customer}`);
  const publications = customer === undefined ? await verifyPublications(nc, onFinding) : undefined;
  const findings = customers.findings + (publications?.findings ?? 0);
  if (json) await writeJson({ whole: findings === 0, customers, publications, findings: told });
  else {
    const c = customers;
    const of = publications
      ? `; ${publications.records} records of ${publications.chains} chains of publications`
      : "";
    await write(
      `${c.records} records of ${c.customers} customers, ${c.decisions} decision records, ${c.commands} commands${of}\n`,
    );
    if (c.repeated > 0)
      await write(`${c.repeated} records stand there twice, unchanged: relayed again after a crash\n`);
    if (c.unnamedDecisions > 0)
      await write(
        `${c.unnamedDecisions} decision records that no step names: asked again after a crash, or of an event that failed\n`,
      );
    await write(
      findings === 0
        ? `${styleText("green", "whole")}: nothing changed, missing, cut off or out of order\n`
        : `${styleText("red", `${findings} findings`)}\n`,
    );
  }
  return findings === 0 ? 0 : 1;
}

function findingText({ kind, of, n, seq, detail }: Finding): string {
  const where = [n === undefined ? "" : `record ${n}`, seq ? `AUDIT ${seq}` : ""].filter((w) => w !== "");
  return `${styleText("red", kind.padEnd(16))} ${of}  ${detail}  ${styleText("dim", where.join(", "))}\n`;
}

async function exportLines(
  nc: NatsConnection,
  customer: string | undefined,
  since: number | undefined,
): Promise<number> {
  const options = {
    ...(customer === undefined ? {} : { customer }),
    ...(since === undefined ? {} : { since }),
  };
  if (customer === undefined)
    for await (const line of exportPublications(nc, since)) await write(`${JSON.stringify(line)}\n`);
  for await (const line of exportCustomers(nc, options)) await write(`${JSON.stringify(line)}\n`);
  return 0;
}
