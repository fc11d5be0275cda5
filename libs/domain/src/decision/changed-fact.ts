/** One fact of a decision that is other than it was, and what the decision is computed from then. */
import type { Channel, DecisionRequest, FactorName, HoldKind, Propensity, Purpose } from "#contracts";
import { withConsentOf } from "../policy/index.js";
import type { Catalogue } from "./catalogue.js";

export type ConditionStage = "eligibility" | "applicability" | "suitability";

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
  /** The quota or budget at this rule has room. */
  | { readonly kind: "limit"; readonly rule: string }
  /** The kill switch stops nothing. */
  | { readonly kind: "kill-switch" }
  /** Asked at this time: a millisecond before, it would not have been so. */
  | { readonly kind: "time"; readonly at: number }
  | { readonly kind: "timezone"; readonly timezone: string }
  /** The condition holds. */
  | {
      readonly kind: "condition";
      readonly action: string;
      readonly stage: ConditionStage;
      readonly expression: string;
    }
  /** The model expects this much of the action: the least that is enough. */
  | { readonly kind: "propensity"; readonly action: string; readonly had: number; readonly needed: number }
  /** The action is worth this much to the bank: the least that is enough. */
  | { readonly kind: "value"; readonly action: string; readonly had: number; readonly needed: number }
  /** This factor is switched off for every action. */
  | { readonly kind: "factor-off"; readonly factor: FactorName }
  /** What was said of this action was not said. */
  | { readonly kind: "not-said"; readonly action: string }
  /** Marketing may repeat itself. */
  | { readonly kind: "diversity" }
  /** The customer is in no control group of this experiment. */
  | { readonly kind: "control-group"; readonly experiment: string }
  /** The step and its journey do not restrict the channels. */
  | { readonly kind: "channels" }
  | { readonly kind: "not-a-candidate"; readonly action: string };

/** The request as it would have been with this fact; the same where the fact is not of the request. */
export function requestWith(request: DecisionRequest, fact: Fact | undefined): DecisionRequest {
  const { profile, context } = request;
  switch (fact?.kind) {
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
    case "not-said": {
      const contacts = context.contacts.filter((c) => c.action !== fact.action);
      return { ...request, context: { ...context, contacts } };
    }
    // These are facts of the definitions, of the models or of the rules.
    case "cap":
    case "limit":
    case "kill-switch":
    case "condition":
    case "propensity":
    case "value":
    case "factor-off":
    case "diversity":
    case "control-group":
    case undefined:
      return request;
  }
}

/** The catalogue as it would have been with this fact; the same where the fact is not of the catalogue. */
export function catalogueWith(catalogue: Catalogue, fact: Fact | undefined): Catalogue {
  const { arbitration = { off: [] }, experiments = [] } = catalogue;
  if (fact?.kind === "condition" || fact?.kind === "value") {
    const action = catalogue.actions.get(fact.action);
    if (!action) return catalogue;
    const actions = new Map(catalogue.actions);
    if (fact.kind === "value") actions.set(action.id, { ...action, value: fact.needed });
    else {
      const { [fact.stage]: _met, ...rest } = action;
      actions.set(action.id, rest);
    }
    return { ...catalogue, actions };
  }
  if (fact?.kind === "factor-off")
    return { ...catalogue, arbitration: { ...arbitration, off: [...arbitration.off, fact.factor] } };
  if (fact?.kind === "diversity") return { ...catalogue, arbitration: { off: arbitration.off } };
  if (fact?.kind === "control-group")
    return { ...catalogue, experiments: experiments.filter((e) => e.id !== fact.experiment) };
  return catalogue;
}

/** The propensities on record, with the one that the fact asks for in place of its action's draw. */
export function propensitiesWith(
  propensities: Readonly<Record<string, Propensity>> | undefined,
  fact: Fact | undefined,
): Readonly<Record<string, Propensity>> | undefined {
  if (fact?.kind !== "propensity") return propensities;
  const recorded = propensities?.[fact.action];
  return recorded && { ...propensities, [fact.action]: { ...recorded, drawn: fact.needed } };
}
