/** `segue replay`: computes again what is on record, and compares. */
import { parseArgs, styleText } from "node:util";
import type { NatsConnection } from "@nats-io/nats-core";
import { readDecision, replayCustomer, replayFile, type Difference } from "#audit";
import {
  commonOptions,
  customerOption,
  decisionOption,
  runWithNats,
  write,
  writeJson,
  WrongArguments,
} from "../audit/with-nats.js";
import type { Command } from "../command.js";
import { NATS_DEFAULT_TEXT } from "../nats-option.js";

const HELP = `segue replay --decision <id> [--json] [--nats <url>]
segue replay --customer <id> [--json] [--nats <url>]

  --decision <id>  computes the decision again from its record, with the catalogue of its day out of the archive, and
                   compares the bytes. A definition that was changed or is not there is said, never replaced by another.
  --customer <id>  builds the customer's context again from the events in EVT, with the recorded decisions as answers,
                   and compares every audit record on the way and the context in CTX at the end: equal, or the first
                   difference with its path and event.
  --json           one JSON document
  --nats <url>     ${NATS_DEFAULT_TEXT}

  Exit status 0 when the same comes out, 1 when not.
`;

export const replayCommand: Command = {
  summary: "compute a decision, or a customer's whole context, again and compare",
  help: HELP,
  run: (args) =>
    runWithNats("replay", HELP, () => {
      const { values } = parseArgs({
        args: [...args],
        options: { ...commonOptions, decision: { type: "string" }, customer: { type: "string" } },
      });
      if (values.help) return "help";
      const { nats, json } = values;
      if ((values.decision === undefined) === (values.customer === undefined))
        throw new WrongArguments("say either --decision <id> or --customer <id>");
      if (values.decision === undefined) {
        const customer = customerOption(values.customer ?? "");
        return { nats, run: (nc) => ofCustomer(nc, customer, json) };
      }
      const decision = decisionOption(values.decision);
      return { nats, run: (nc) => ofDecision(nc, decision, json) };
    }),
};

async function ofDecision(nc: NatsConnection, decisionId: string, json: boolean): Promise<number> {
  const file = await readDecision(nc, decisionId);
  if (!file) throw new Error(`there is no record of decision ${decisionId}`);
  const { replay } = await replayFile(nc, file);
  const status = replay.result === "same" && replay.chain !== "names-another" ? 0 : 1;
  if (json) {
    await writeJson(replay);
    return status;
  }
  const { bytes, sha256, definitions } = replay;
  const said = {
    same: `${styleText("green", "same")}: ${decisionId} comes out byte for byte as recorded (${bytes} bytes, SHA-256 ${sha256})`,
    different: `${styleText("red", "different")}: ${decisionId} comes out otherwise than recorded`,
    impossible: `${styleText("red", "impossible")}: ${decisionId} cannot be computed again`,
  };
  const chain = {
    named: ["  the customer's audit chain names this very record"],
    "not-named": ["  no record of the customer's audit chain names it"],
    "names-another": [],
  };
  await write(
    [
      said[replay.result],
      ...(replay.difference ? [difference(replay.difference)] : []),
      ...definitions.map((d) => `  with ${d.kind} ${d.id}, version ${d.version}, content ${d.digest}`),
      ...chain[replay.chain],
      ...replay.problems.map((p) => `  ${styleText("red", p)}`),
      ...replay.notes.map((n) => `  ${n}`),
      "",
    ].join("\n"),
  );
  return status;
}

async function ofCustomer(nc: NatsConnection, customerId: string, json: boolean): Promise<number> {
  const replay = await replayCustomer(nc, customerId);
  if (!replay) throw new Error(`there is no context of customer ${customerId}`);
  const status = replay.equal ? 0 : 1;
  if (json) {
    await writeJson(replay);
    return status;
  }
  const { events, decisions, records } = replay;
  const lines = [
    `${replay.equal ? `${styleText("green", "equal")}: the context of ${customerId} comes out as it stands in CTX` : `${styleText("red", "different")}: the context of ${customerId} comes out otherwise`} (${events} events, ${decisions} decisions, ${records} audit records compared)`,
  ];
  if (replay.difference) {
    const { event, what } = replay.difference;
    const at = event
      ? `, at event ${event.id} (${event.type} from ${event.source}, number ${event.seq} in EVT)`
      : "";
    lines.push(`  first in ${what}${at}`, difference(replay.difference));
  }
  await write([...lines, ...replay.notes.map((n) => `  ${n}`), ""].join("\n"));
  return status;
}

function difference({ path, expected, actual }: Difference): string {
  return `  at ${path || "(the whole)"}\n    recorded: ${expected ?? "nothing"}\n    computed: ${actual ?? "nothing"}`;
}
