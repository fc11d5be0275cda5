/**
 * What would have changed a decision: it is computed again with one fact changed, through the same funnel and the same
 * rules. Nothing is claimed that was not computed, and nothing at all unless the decision itself comes out of its facts as
 * it stands on record.
 */
import {
  CHANNELS,
  HOLDS,
  NO_CONTROLS,
  type Channel,
  type Controls,
  type DecisionRecord,
  type DecisionReply,
  type DecisionRequest,
  type HoldKind,
  type PolicyPackDefinition,
  type Purpose,
} from "#contracts";
import type { Expressions } from "../expressions.js";
import { evaluate, holds, withConsentOf, type CountedContact } from "../policy/index.js";
import type { Catalogue } from "./catalogue.js";
import { conclude } from "./conclude.js";
import { evaluateRequest } from "./funnel.js";
import { rankAsRecorded } from "./replay.js";

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

export type Condition = "eligibility" | "applicability" | "suitability";

/** One fact that is other than it was. */
export type Fact =
  | {
      readonly kind: "consent";
      readonly purpose: Purpose;
      readonly channel: Channel;
      readonly granted: boolean;
    }
  | { readonly kind: "hold"; readonly hold: HoldKind; readonly present: boolean }
  /** This cap counts nothing. */
  | { readonly kind: "cap"; readonly rule: string }
  /** The kill switch stops nothing. */
  | { readonly kind: "kill-switch" }
  | { readonly kind: "time"; readonly at: number }
  | { readonly kind: "timezone"; readonly timezone: string }
  /** The condition holds. */
  | {
      readonly kind: "condition";
      readonly action: string;
      readonly stage: Condition;
      readonly expression: string;
    }
  | { readonly kind: "score"; readonly action: string; readonly score: number; readonly needed: number }
  /** The step and its journey do not restrict the channels. */
  | { readonly kind: "channels" }
  | { readonly kind: "not-a-candidate"; readonly action: string };

export interface WhatIf {
  readonly fact: Fact;
  readonly reply: DecisionReply;
  /** The customer would have been told, or not been told, something else. */
  readonly changes: boolean;
}

/** The decision computed from its facts alone, the policy's answer included. */
export function recompute(facts: DecisionFacts, fact?: Fact): DecisionRecord {
  const { record, packs, contacts, expressions } = facts;
  const request = withFact(record.request, fact);
  const catalogue = catalogueWith(facts, fact);
  const ranking = rankAsRecorded(record, request, catalogue, expressions);
  const question = evaluateRequest(request, ranking);
  if (!question) return conclude(request, ranking, catalogue, undefined);
  const answer = evaluate(question, {
    packs,
    copies: [request.profile],
    contacts,
    ...(fact?.kind === "kill-switch" ? {} : { controls: controlsOf(record) }),
    ...(fact?.kind === "cap" ? { uncounted: new Set([fact.rule]) } : {}),
  });
  return conclude(request, ranking, catalogue, { ...answer, packs: packNames(record) });
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
  const computed = factsOf(facts).map((fact): WhatIf => {
    const { reply } = recompute(facts, fact);
    return { fact, reply, changes: !sameReply(reply, facts.record.reply) };
  });
  const time = otherTime(facts);
  return [...computed, ...(time ? [time] : [])].sort((a, b) => Number(b.changes) - Number(a.changes));
}

function factsOf({ record, catalogue, packs }: DecisionFacts): Fact[] {
  const { request, reply, explanations, verdicts } = record;
  const facts: Fact[] = [];
  const add = (fact: Fact): void => {
    if (!facts.some((f) => JSON.stringify(f) === JSON.stringify(fact))) facts.push(fact);
  };
  for (const { channel, verdict, reason, rule, until, actions } of verdicts) {
    if (verdict === "permitted") continue;
    if (reason === "consent_refused" || reason === "no_consent_record" || reason === "consent_expired")
      for (const action of actions) {
        const purpose = catalogue.actions.get(action)?.purpose;
        if (purpose) add({ kind: "consent", purpose, channel, granted: true });
      }
    if ((reason === "cap_reached" || reason === "journey_cap_reached") && rule) add({ kind: "cap", rule });
    if (reason === "stopped") add({ kind: "kill-switch" });
    if (reason === "no_timezone") add({ kind: "timezone", timezone: "UTC" });
    if (verdict === "deferred" && until !== undefined) add({ kind: "time", at: until });
  }
  const held = request.profile.holds.filter((h) => holds(h, request.at)).map((h) => h.kind);
  for (const hold of held) add({ kind: "hold", hold, present: false });
  for (const e of explanations) {
    const { action, stage } = e;
    if (stage === "eligibility" || stage === "applicability" || stage === "suitability") {
      const expression = catalogue.actions.get(action)?.[stage];
      if (expression !== undefined) add({ kind: "condition", action, stage, expression });
    }
    if (stage === "channel") add({ kind: "channels" });
    const best = explanations.find((x) => x.stage === "chosen")?.score;
    if (stage === "arbitration" && e.score !== undefined && best !== undefined)
      add({ kind: "score", action, score: e.score, needed: best });
  }
  if (reply.kind !== "act") return facts;
  const { purpose, plan, action } = reply;
  for (const { channel } of plan) add({ kind: "consent", purpose, channel, granted: false });
  const blocking = new Set(
    packs.flatMap((p) => p.rules.filter((r) => r.purpose === purpose).flatMap((r) => r.blockedBy)),
  );
  for (const hold of HOLDS)
    if (blocking.has(hold) && !held.includes(hold)) add({ kind: "hold", hold, present: true });
  add({ kind: "not-a-candidate", action });
  return facts;
}

const HOUR_MS = 3_600_000;

/** The first hour of the next day at which the same question would have been answered otherwise. */
function otherTime(facts: DecisionFacts): WhatIf | undefined {
  const { record } = facts;
  if (record.verdicts.some((v) => v.until !== undefined)) return undefined;
  for (let hours = 1; hours <= 24; hours++) {
    const fact: Fact = { kind: "time", at: record.request.at + hours * HOUR_MS };
    const { reply } = recompute(facts, fact);
    if (!sameReply(reply, record.reply)) return { fact, reply, changes: true };
  }
  return undefined;
}

function sameReply(a: DecisionReply, b: DecisionReply): boolean {
  if (a.kind === "act" && b.kind === "act")
    return a.action === b.action && channelsOf(a).join() === channelsOf(b).join();
  if (a.kind === "defer" && b.kind === "defer") return a.until === b.until;
  return a.kind === b.kind;
}

const channelsOf = (reply: Extract<DecisionReply, { kind: "act" }>): Channel[] =>
  reply.plan.map((leg) => leg.channel);

function withFact(request: DecisionRequest, fact: Fact | undefined): DecisionRequest {
  const { profile, context } = request;
  if (!fact) return request;
  switch (fact.kind) {
    case "consent":
      return { ...request, profile: withConsentOf(profile, fact.purpose, fact.channel, fact.granted) };
    case "hold": {
      const others = profile.holds.filter((h) => h.kind !== fact.hold);
      const holds = fact.present ? [...others, { kind: fact.hold, since: request.at }] : others;
      return { ...request, profile: { ...profile, holds } };
    }
    case "time":
      return { ...request, at: fact.at, context: { ...context, now: fact.at } };
    case "timezone":
      return { ...request, profile: { ...profile, timezone: fact.timezone } };
    case "channels": {
      const { channels: _channels, exclude: _exclude, ...rest } = request;
      return rest;
    }
    case "not-a-candidate":
      return { ...request, candidates: request.candidates.filter((c) => c !== fact.action) };
    // These are facts of the rules, not of the question.
    case "cap":
    case "kill-switch":
    case "condition":
    case "score":
      return request;
  }
}

/** Just above the score that was enough. */
const ABOVE = 1 + 1e-9;

function catalogueWith({ catalogue }: DecisionFacts, fact: Fact | undefined): Catalogue {
  if (fact?.kind !== "condition" && fact?.kind !== "score") return catalogue;
  const action = catalogue.actions.get(fact.action);
  if (!action) return catalogue;
  const actions = new Map(catalogue.actions);
  if (fact.kind === "condition") {
    const { [fact.stage]: _met, ...rest } = action;
    actions.set(action.id, rest);
  } else {
    // Value times weight: the value that gives the score.
    const value = fact.score > 0 ? (action.value * fact.needed * ABOVE) / fact.score : fact.needed * ABOVE;
    actions.set(action.id, { ...action, value, ...(fact.score > 0 ? {} : { weight: 1 }) });
  }
  return { ...catalogue, actions };
}

/** The packs that the record names, as policy names them. */
function packNames({ versions }: DecisionRecord): string[] {
  return Object.entries(versions)
    .filter(([key]) => key.startsWith("policy/"))
    .map(([key, version]) => `${key.slice("policy/".length)}@${version}`);
}
