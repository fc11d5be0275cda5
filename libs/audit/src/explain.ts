/** A decision in plain words, for people who have to answer for it. Every claim is in the record, or was computed. */
import type { NatsConnection } from "@nats-io/nats-core";
import {
  definitionKeys,
  journeyV1,
  type DecisionExplained,
  type DecisionRecord,
  type DecisionReplay,
} from "#contracts";
import { createExpressions } from "#definitions";
import { followsFromFacts, whatIfs, type DecisionFacts } from "#domain";
import { Kvm } from "@nats-io/kv";
import type { DecisionFile } from "./decision-file.js";
import { arbitration, factorsInWords } from "./explain-arbitration.js";
import { mattered } from "./explain-policy.js";
import { factInWords } from "./explain-what-if.js";
import type { EventRef } from "./lineage.js";
import { replayFile } from "./replay-decision.js";
import { isoTime, listed, replyInWords, rounded, timeThere, words } from "./words.js";

export async function explainDecision(nc: NatsConnection, file: DecisionFile): Promise<DecisionExplained> {
  const { replay, definitions } = await replayFile(nc, file);
  const { record } = file;
  const { packs, catalogue } = definitions;
  const notes = [...replay.notes];
  const facts: DecisionFacts = {
    record,
    catalogue,
    packs,
    contacts: file.contacts,
    expressions: createExpressions(),
  };
  const trusted = replay.result === "same" && replay.chain !== "names-another" && followsFromFacts(facts);
  if (!trusted)
    notes.push(
      replay.result === "same"
        ? "The policy's answer does not come out of the facts that the audit holds (it may have known something newer, or lost its index), so that nothing is said here of what would have changed the decision."
        : "The decision cannot be computed again, so that nothing is said here of what would have changed it.",
    );
  const zone = record.request.profile.timezone;
  return {
    decisionId: file.decisionId,
    customerId: file.customerId,
    time: isoTime(record.request.at),
    happened: await happened(nc, file),
    decided: decided(record),
    arbitration: arbitration(record, catalogue, facts.expressions),
    others: others(record),
    mattered: mattered(file, packs, trusted),
    rules: definitions.used.map((u) => {
      const source = u.kind === "policy" ? packs.find((p) => p.id === u.id)?.source : undefined;
      return source === undefined ? u : { ...u, source };
    }),
    afterwards: afterwards(file),
    whatIf: trusted
      ? whatIfs(facts).map(({ fact, reply, changes }) => ({
          if: factInWords(fact, packs, record),
          decision: replyInWords(reply, zone),
          changes,
        }))
      : [],
    replay,
    record: onRecord(file, replay),
    notes,
  };
}

async function happened(nc: NatsConnection, { record, step, trigger }: DecisionFile): Promise<string[]> {
  const { request } = record;
  const { journey, moment } = request;
  const lines = [
    `The customer entered journey ${journey.id} (version ${journey.version}) with ${moment.type} from ${moment.source}, which happened at ${isoTime(moment.time)}${place(trigger)}.`,
  ];
  const entry = await (
    await new Kvm(nc).open("definitions")
  ).get(definitionKeys.journey(journey.id, journey.version));
  const definition = entry && journeyV1.safeParse(entry.json());
  if (definition?.success) lines.push(`What the journey is for: ${definition.data.description}`);
  if (step && (step.event.id !== moment.id || step.event.source !== moment.source))
    lines.push(`Then came ${step.event.type} from ${step.event.source}${place(step.event)}.`);
  lines.push(
    `On that, step ${journey.step} asked at ${timeThere(request.at, request.profile.timezone)} ${asked(record)}.`,
  );
  return lines;
}

function asked({ request: { candidates, tags }, explanations }: DecisionRecord): string {
  if (tags) {
    const n = explanations.reduce((sum, e) => sum + 1 + (e.alike?.length ?? 0), 0);
    const named = candidates.length === 0 ? "" : `${listed(candidates)}, and `;
    return `which of ${n} actions to take: ${named}whatever has the tag ${listed(tags, "or")}`;
  }
  return candidates.length === 1
    ? `whether to take the one action there is: ${candidates[0]}`
    : `which of ${candidates.length} actions to take: ${listed(candidates)}`;
}

function place(event: EventRef | undefined): string {
  return event?.seq === undefined ? "" : ` (number ${event.seq} in EVT)`;
}

function decided({ request, reply, explanations }: DecisionRecord): string[] {
  const lines = [`Decided: ${replyInWords(reply, request.profile.timezone)}.`];
  if (reply.kind !== "act") {
    lines.push(
      reply.kind === "none" ? `Why: ${words(reply.reason)}.` : `Why not at once: ${words(reply.reason)}.`,
    );
    return lines;
  }
  const chosen = explanations.find((e) => e.stage === "chosen");
  const reasons: Readonly<Record<string, string>> = {
    only_candidate: "it was the only one to choose from, it met its conditions, and policy permitted it",
    highest_score: "of those that met their conditions it had the highest score, and policy permitted it",
    best_permitted: "of those that policy permitted it had the highest score",
  };
  const score =
    chosen?.score === undefined
      ? ""
      : ` Score ${rounded(chosen.score)} = ${factorsInWords(chosen.factors ?? {})}.`;
  lines.push(`Why: ${reasons[reply.reason] ?? words(reply.reason)}.${score}`);
  return lines;
}

/** Reasons that are about a condition, whose text follows. */
const CONDITION_CODES = new Set(["not_eligible", "not_applicable", "not_suitable", "expression_failed"]);

function others({ explanations, verdicts, reply }: DecisionRecord): string[] {
  const best = explanations.find((e) => e.stage === "chosen")?.score;
  return explanations
    .filter((e) => e.stage !== "chosen")
    .map((e) => {
      const score = e.score === undefined ? "" : ` (score ${rounded(e.score)})`;
      const [code = "", ...detail] = e.reason.split(": ");
      const condition = detail.join(": ");
      const more = e.alike?.length ?? 0;
      const name = more === 0 ? e.action : `${e.action} and ${more} other${more === 1 ? "" : "s"}`;
      switch (e.stage) {
        case "exclusion":
        case "diversity":
          return `${name}: ${words(code)} (${condition}${e.until === undefined ? "" : `, rests until ${isoTime(e.until)}`}).`;
        case "scoring":
          return `${name}: a context weight of it could not be computed: ${condition}`;
        case "eligibility":
        case "applicability":
        case "suitability":
          return condition === "" || !CONDITION_CODES.has(code)
            ? `${name}: ${words(code)}${condition === "" ? "" : ` (${condition})`}.`
            : `${name}: ${code === "expression_failed" ? `its ${e.stage} condition could not be computed` : `its ${e.stage} condition was not met`}: ${condition}`;
        case "channel":
          return `${name}: ${words(code)}.`;
        case "control":
          return `${name}: the customer is in the control group of the experiment ${condition}, which gets no marketing so that its effect can be measured.`;
        case "arbitration":
          if (e.reason === "not_among_the_best")
            return `${name}${score}: not among the best, which are those that policy is asked about.`;
          return `${name}${score}: outranked by ${reply.kind === "act" ? reply.action : "another"}${best === undefined ? "" : ` (score ${rounded(best)})`}.`;
        case "policy":
        case "chosen": {
          const said = verdicts
            .filter((v) => v.actions.includes(e.action) && v.verdict !== "permitted")
            .map((v) => `${v.channel} ${v.verdict} (${words(v.reason)}${v.rule ? `, rule ${v.rule}` : ""})`);
          return `${name}${score}: policy did not let it through: ${said.join("; ") || words(e.reason)}.`;
        }
      }
    });
}

function afterwards({ record, step, outcomes }: DecisionFile): string[] {
  if (!step)
    return [
      "No step of the customer's audit tells of it: it was asked again after a crash, or the event failed; nothing came of it.",
    ];
  if (record.reply.kind !== "act") return [];
  if (outcomes.length === 0) return ["It was ordered; no outcome is known yet."];
  return [
    "It was ordered.",
    ...outcomes.map(({ at, entry }) => {
      const tried = entry.tried.map((t) => `${t.channel} (${words(t.reason)})`);
      return `At ${isoTime(at)}: ${entry.outcome} over ${entry.channel} (${words(entry.reason)})${tried.length > 0 ? `, after ${listed(tried)}` : ""}.`;
    }),
  ];
}

function onRecord({ step, checked, findings, sha256 }: DecisionFile, replay: DecisionReplay): string[] {
  const lines: string[] = [];
  if (step)
    lines.push(
      replay.chain === "named"
        ? `Record ${step.n} of the customer's audit chain names this record by its SHA-256 ${sha256}.`
        : replay.chain === "names-another"
          ? `Record ${step.n} of the customer's audit chain names another record than the one that is stored: it was changed.`
          : `Record ${step.n} of the customer's audit chain tells of it, without naming its record.`,
    );
  lines.push(
    findings.length === 0
      ? `The chain was checked: ${checked} records, nothing changed, missing between them or out of order.`
      : `The chain was checked: ${checked} records, and ${findings.length} findings (segue audit verify says which).`,
  );
  lines.push(
    {
      same: `Computed again with the definitions of that day it comes out the same, byte for byte (${replay.bytes} bytes).`,
      different: `Computed again with the definitions of that day it comes out otherwise${replay.difference ? `, first at ${replay.difference.path}` : ""}.`,
      impossible: "It cannot be computed again:",
    }[replay.result],
    ...replay.problems,
  );
  return lines;
}
