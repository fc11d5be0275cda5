/**
 * What would have changed a decision: it is computed again with one fact changed, through the same funnel and the same
 * rules. Nothing is claimed that was not computed, and nothing at all unless the decision itself comes out of its facts as
 * it stands on record. Where a number or a time is claimed, it is the least that is enough.
 */
import {
  CHANNELS,
  FACTORS,
  HOLDS,
  NO_CONTROLS,
  type Channel,
  type Controls,
  type DecisionRecord,
  type DecisionReply,
  type PolicyPackDefinition,
  type Verdict,
} from "#contracts";
import type { Expressions } from "../expressions.js";
import { evaluate, holds, type CountedContact } from "../policy/index.js";
import { catalogueWith, propensitiesWith, requestWith, type Fact } from "./changed-fact.js";
import type { Catalogue } from "./catalogue.js";
import { conclude } from "./conclude.js";
import { evaluateRequest } from "./funnel.js";
import { instantsOf } from "./instants.js";
import { rankAsRecorded } from "./replay.js";
import { leastNeeded, leastWhole } from "./threshold.js";

/** All that a decision followed from. */
export interface DecisionFacts {
  readonly record: DecisionRecord;
  /** Of the versions that the record names. */
  readonly catalogue: Catalogue;
  readonly packs: readonly PolicyPackDefinition[];
  /** Contacts that took part of the budget when it was made. */
  readonly contacts: readonly CountedContact[];
  readonly expressions: Expressions;
}

export interface WhatIf {
  readonly fact: Fact;
  readonly reply: DecisionReply;
  /** The customer would have been told, or not been told, something else. */
  readonly changes: boolean;
}

/** The decision computed from its facts alone, the policy's answer included. */
export function recompute(facts: DecisionFacts, fact?: Fact): DecisionRecord {
  const { record, packs, contacts, expressions } = facts;
  const request = requestWith(record.request, fact);
  const catalogue = catalogueWith(facts.catalogue, fact);
  const propensities = propensitiesWith(record.propensities, fact);
  const { propensities: _recorded, ...rest } = record;
  const made = { ...rest, ...(propensities ? { propensities } : {}) };
  const ranking = rankAsRecorded(made, request, catalogue, expressions);
  const question = evaluateRequest(request, ranking);
  if (!question) return conclude(request, ranking, catalogue, undefined);
  const limited = limitedAs(record, fact);
  const within = question.options.filter((o) => !limited.some((v) => v.actions.includes(o.action)));
  const asked = new Set(question.options.map((o) => o.action));
  const answer = evaluate(
    { ...question, options: within },
    {
      packs,
      copies: [request.profile],
      contacts,
      ...(fact?.kind === "kill-switch" ? {} : { controls: controlsOf(record) }),
      ...(fact?.kind === "cap" ? { uncounted: new Set([fact.rule]) } : {}),
    },
  );
  const verdicts = [...answer.verdicts, ...limited.filter((v) => asked.has(v.actions[0]!))];
  return conclude(request, ranking, catalogue, { ...answer, verdicts, packs: packNames(record) });
}

/** Quotas and budgets are counted over all customers: which were reached then, the verdicts tell. */
function limitedAs({ verdicts }: DecisionRecord, fact: Fact | undefined): readonly Verdict[] {
  return verdicts.filter(
    ({ reason, rule }) =>
      (reason === "quota_reached" || reason === "budget_spent") &&
      !(fact?.kind === "limit" && fact.rule === rule),
  );
}

/** True when facts and rules give the decision as it stands on record: then what-ifs may be trusted. */
export function followsFromFacts(facts: DecisionFacts): boolean {
  return JSON.stringify(recompute(facts)) === JSON.stringify(facts.record);
}

/** The kill switch as the verdicts show it: each that it stopped names what was switched. */
function controlsOf({ request, verdicts }: DecisionRecord): Controls {
  const rules = new Set(verdicts.map((v) => v.rule));
  return {
    ...NO_CONTROLS,
    all: rules.has("control/all"),
    channels: CHANNELS.filter((channel) => rules.has(`control/channel/${channel}`)),
    journeys: rules.has(`control/journey/${request.journey.id}`) ? [request.journey.id] : [],
  };
}

/** Each fact that had a part in the decision, changed by itself; those that change it first. */
export function whatIfs(facts: DecisionFacts): WhatIf[] {
  const computed = [...factsOf(facts), ...timesOf(facts)].map((fact): WhatIf => {
    const { reply } = recompute(facts, fact);
    return { fact, reply, changes: !sameReply(reply, facts.record.reply) };
  });
  return computed.sort((a, b) => Number(b.changes) - Number(a.changes));
}

function factsOf(facts: DecisionFacts): Fact[] {
  const found: Fact[] = [];
  for (const fact of [...policyFacts(facts), ...funnelFacts(facts), ...factsOfAct(facts)])
    if (!found.some((f) => JSON.stringify(f) === JSON.stringify(fact))) found.push(fact);
  return found;
}

/** What policy stopped. */
function policyFacts({ record: { request, verdicts }, catalogue }: DecisionFacts): Fact[] {
  const found: Fact[] = [];
  for (const { channel, verdict, reason, rule, actions } of verdicts) {
    if (verdict === "permitted") continue;
    if (reason === "consent_refused" || reason === "no_consent_record" || reason === "consent_expired")
      for (const action of actions) {
        const purpose = catalogue.actions.get(action)?.purpose;
        if (purpose) found.push({ kind: "consent", purpose, channel, granted: true });
      }
    if ((reason === "cap_reached" || reason === "journey_cap_reached") && rule)
      found.push({ kind: "cap", rule });
    if ((reason === "quota_reached" || reason === "budget_spent") && rule)
      found.push({ kind: "limit", rule });
    if (reason === "stopped") found.push({ kind: "kill-switch" });
    if (reason === "no_timezone") found.push({ kind: "timezone", timezone: "UTC" });
  }
  for (const hold of request.profile.holds)
    if (holds(hold, request.at)) found.push({ kind: "hold", hold: hold.kind, present: false });
  return found;
}

/** Where candidates left the funnel. */
function funnelFacts({ record, catalogue }: DecisionFacts): Fact[] {
  const { explanations } = record;
  const found: Fact[] = [];
  const chosen = explanations.find((e) => e.stage === "chosen");
  for (const e of explanations) {
    const { action, stage, reason } = e;
    const detail = reason.slice(reason.indexOf(": ") + 2);
    if (stage === "eligibility" || stage === "applicability" || stage === "suitability") {
      const expression = catalogue.actions.get(action)?.[stage];
      if (expression !== undefined) found.push({ kind: "condition", action, stage, expression });
    }
    if (stage === "channel") found.push({ kind: "channels" });
    if (stage === "exclusion") found.push({ kind: "not-said", action: detail });
    if (stage === "diversity") found.push({ kind: "diversity" });
    if (stage === "control") found.push({ kind: "control-group", experiment: detail });
    if (stage === "arbitration" && chosen && e.score !== undefined) {
      const needed = leastNeeded(record, catalogue, e, chosen);
      if (needed) found.push(needed);
    }
  }
  const scored = new Set(explanations.flatMap((e) => (chosen && e.factors ? Object.keys(e.factors) : [])));
  if ((record.engine ?? 0) > 0)
    for (const factor of FACTORS) if (scored.has(factor)) found.push({ kind: "factor-off", factor });
  return found;
}

/** What would have kept it from being said. */
function factsOfAct({ record: { request, reply }, packs }: DecisionFacts): Fact[] {
  if (reply.kind !== "act") return [];
  const { purpose, plan, action } = reply;
  const held = request.profile.holds.filter((h) => holds(h, request.at)).map((h) => h.kind);
  const blocking = new Set(
    packs.flatMap((p) => p.rules.filter((r) => r.purpose === purpose).flatMap((r) => r.blockedBy)),
  );
  return [
    ...plan.map(({ channel }): Fact => ({ kind: "consent", purpose, channel, granted: false })),
    ...HOLDS.filter((hold) => blocking.has(hold) && !held.includes(hold)).map((hold): Fact => ({
      kind: "hold",
      hold,
      present: true,
    })),
    { kind: "not-a-candidate", action },
  ];
}

/** The first time at which the same question would have been answered otherwise, and the first at which it would have acted. */
function timesOf(facts: DecisionFacts): Fact[] {
  const { record } = facts;
  const { at } = record.request;
  const known = new Map<number, DecisionReply>();
  const replyAt = (t: number): DecisionReply => {
    const reply = known.get(t) ?? recompute(facts, { kind: "time", at: t }).reply;
    known.set(t, reply);
    return reply;
  };
  const first = (wanted: (reply: DecisionReply) => boolean): number | undefined => {
    let before = at;
    for (const t of instantsOf(facts)) {
      if (wanted(replyAt(t))) return leastWhole(before, t, (x) => wanted(replyAt(x)));
      before = t;
    }
    return undefined;
  };
  const other = first((reply) => !sameReply(reply, record.reply));
  if (other === undefined) return [];
  const acts = record.reply.kind === "act" ? undefined : first((reply) => reply.kind === "act");
  const times = acts === undefined || acts === other ? [other] : [other, acts];
  return times.map((t) => ({ kind: "time", at: t }));
}

/** True when the customer is told the same, or nothing, or later at the same time. */
export function sameReply(a: DecisionReply, b: DecisionReply): boolean {
  if (a.kind === "act" && b.kind === "act")
    return a.action === b.action && channelsOf(a).join() === channelsOf(b).join();
  if (a.kind === "defer" && b.kind === "defer") return a.until === b.until;
  return a.kind === b.kind;
}

const channelsOf = (reply: Extract<DecisionReply, { kind: "act" }>): Channel[] =>
  reply.plan.map((leg) => leg.channel);

/** The packs that the record names, as policy names them. */
function packNames({ versions }: DecisionRecord): string[] {
  return Object.entries(versions)
    .filter(([key]) => key.startsWith("policy/"))
    .map(([key, version]) => `${key.slice("policy/".length)}@${version}`);
}
