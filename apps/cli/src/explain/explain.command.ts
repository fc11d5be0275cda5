/** `segue explain`: a decision in plain words. */
import { parseArgs, styleText } from "node:util";
import type { NatsConnection } from "@nats-io/nats-core";
import { explainDecision, readDecision } from "#audit";
import type { DecisionExplained } from "#contracts";
import {
  commonOptions,
  decisionOption,
  runWithNats,
  write,
  writeJson,
  WrongArguments,
} from "../audit/with-nats.js";
import type { Command } from "../command.js";
import { NATS_DEFAULT_TEXT } from "../nats-option.js";

const HELP = `segue explain --decision <id> [--json] [--nats <url>]

  Tells in plain words what happened, what was decided and why, why not each of the others, which rules were in force
  (with their versions), which consents, holds and caps mattered, and what would have changed it. What would have changed
  it is computed: the decision is made again with one fact changed, by the same funnel and the same rules.

  --decision <id>  as the customer's timeline names it, <customer>.<event count>.<index>
  --json           one JSON document
  --nats <url>     ${NATS_DEFAULT_TEXT}

  Exit status: 0 explained, 1 there is no such decision, or not reachable, 2 not understood.
`;

export const explainCommand: Command = {
  summary: "a decision in plain words: why this, why not the others, what would have changed it",
  help: HELP,
  run: (args) =>
    runWithNats("explain", HELP, () => {
      const { values } = parseArgs({
        args: [...args],
        options: { ...commonOptions, decision: { type: "string" } },
      });
      if (values.help) return "help";
      if (values.decision === undefined) throw new WrongArguments("say --decision <id>");
      const decision = decisionOption(values.decision);
      return { nats: values.nats, run: (nc) => explain(nc, decision, values.json) };
    }),
};

async function explain(nc: NatsConnection, decisionId: string, json: boolean): Promise<number> {
  const file = await readDecision(nc, decisionId);
  if (!file) throw new Error(`there is no record of decision ${decisionId}`);
  const explained = await explainDecision(nc, file);
  if (json) await writeJson(explained);
  else await write(explanationText(explained));
  return 0;
}

const KINDS = { catalogue: "Catalogue", policy: "Policy pack", experiment: "Experiment" } as const;

/** The whole explanation as text. */
export function explanationText(e: DecisionExplained): string {
  const sections: [string, readonly string[]][] = [
    ["What happened", e.happened],
    ["What was decided", e.decided],
    ["How the best was found", e.arbitration],
    ["Why not the others", e.others],
    ["Consents, holds and limits", e.mattered],
    [
      "Rules in force",
      e.rules.map(
        (r) =>
          `${KINDS[r.kind]} ${r.id}, version ${r.version}, content ${r.digest}${r.source === undefined ? "" : `: ${r.source}`}`,
      ),
    ],
    ["What became of it", e.afterwards],
    [
      "What would have changed it",
      e.whatIf.filter((w) => w.changes).map((w) => `If ${w.if}, the decision would have been ${w.decision}.`),
    ],
    ["What would have changed nothing", e.whatIf.filter((w) => !w.changes).map((w) => `If ${w.if}.`)],
    ["On record", e.record],
    ["Notes", e.notes],
  ];
  const title = `Decision ${e.decisionId} about customer ${e.customerId}, ${e.time}`;
  return [
    styleText("bold", title),
    ...sections
      .filter(([, lines]) => lines.length > 0)
      .map(([head, lines]) => `\n${styleText("bold", head)}\n${lines.map((l) => `  ${l}`).join("\n")}`),
    "",
  ].join("\n");
}
