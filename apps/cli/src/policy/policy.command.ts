/** `segue policy explain`: may we, and why (not). */
import { parseArgs, styleText } from "node:util";
import type { NatsConnection } from "@nats-io/nats-core";
import { permissionsOf, type PermissionsQuestion } from "#audit";
import { channelV1, type Channel, type ChannelPermission, type Permissions } from "#contracts";
import { RpcClient } from "#messaging";
import {
  commonOptions,
  customerOption,
  runWithNats,
  write,
  writeJson,
  WrongArguments,
} from "../audit/with-nats.js";
import type { Command } from "../command.js";
import { clockAt, NATS_DEFAULT_TEXT } from "../nats-option.js";

const HELP = `segue policy explain --customer <id> --action <id> [--at <time>] [--channel <channel>] [--json] [--nats <url>]

  May we say this to this customer, and why (not)? Per channel the verdict, its reason (docs/reason-codes.md), the rule
  and where that comes from, and from when on it would be permitted if nothing else changed. The policy service itself is
  asked, with what Segue holds about the customer now; it reserves nothing. It is asked
  about no debt and no event of its own: a cap per debt or event counts what was said about any.

  --customer <id>     the customer
  --action <id>       an action of the catalogue in force
  --at <time>         2026-03-01T09:00:00Z; without it what Segue's clock shows
  --channel <channel> one channel alone
  --json              one JSON document
  --nats <url>        ${NATS_DEFAULT_TEXT}

  Exit status: 0 permitted on some channel, 3 on none, 1 not answered, 2 not understood.
`;
/** Told apart from what failed, for scripts. */
const NOT_PERMITTED = 3;

export const policyCommand: Command = {
  summary: "may we say this to this customer, and why (not)",
  help: HELP,
  run: (args) =>
    runWithNats("policy", HELP, () => {
      const { values, positionals } = parseArgs({
        args: [...args],
        options: {
          ...commonOptions,
          customer: { type: "string" },
          action: { type: "string" },
          at: { type: "string" },
          channel: { type: "string" },
        },
        allowPositionals: true,
      });
      if (values.help) return "help";
      if (positionals.join(" ") !== "explain") throw new WrongArguments("say: segue policy explain");
      if (values.customer === undefined) throw new WrongArguments("say --customer <id>");
      if (values.action === undefined) throw new WrongArguments("say --action <id>");
      const question: PermissionsQuestion = {
        customerId: customerOption(values.customer),
        action: values.action,
        at: values.at === undefined ? clockAt(values.nats).now() : timeOf(values.at),
        channel: values.channel === undefined ? undefined : channelOf(values.channel),
      };
      return { nats: values.nats, run: (nc) => explain(nc, question, values.json) };
    }),
};

async function explain(nc: NatsConnection, question: PermissionsQuestion, json: boolean): Promise<number> {
  const permissions = await permissionsOf(nc, new RpcClient(nc), question);
  if (json) await writeJson(permissions);
  else await write(permissionsText(permissions));
  return permissions.permitted ? 0 : NOT_PERMITTED;
}

/** The whole answer as text. */
export function permissionsText(p: Permissions): string {
  const answer = p.permitted ? "Yes" : "No";
  return [
    styleText("bold", `${answer}: ${p.action} (${p.purpose}) to customer ${p.customerId} at ${p.at}`),
    ...p.channels.map(channelText),
    `  Judged by ${p.packs.join(", ") || "no policy pack"}.`,
    "",
  ].join("\n");
}

function channelText(c: ChannelPermission): string {
  if (c.verdict === "permitted") return `  ${c.channel}: permitted.`;
  const rule =
    c.rule === undefined
      ? ""
      : `, rule ${c.rule}${c.source === undefined ? "" : ` (${c.source.replace(/\.$/, "")})`}`;
  const from =
    c.permittedFrom === undefined
      ? " Time alone will not change that within a hundred days."
      : ` It would be permitted from ${c.permittedFrom} on.`;
  return `  ${c.channel}: ${c.verdict}, ${c.means} [${c.reason}]${rule}.${from}`;
}

function timeOf(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new WrongArguments(`--at ${text}: use a time such as 2026-03-01T09:00:00Z`);
  return ms;
}

function channelOf(text: string): Channel {
  const channel = channelV1.safeParse(text);
  if (channel.success) return channel.data;
  throw new WrongArguments(`--channel ${text}: use ${channelV1.options.join(", ")}`);
}
