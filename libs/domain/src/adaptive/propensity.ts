/** Propensities of a decision's candidates: what its models expect, drawn within bounds. */
import type {
  ActionDefinition,
  Channel,
  DecisionRequest,
  ModelDefinition,
  Prior,
  Propensity,
} from "#contracts";
import { candidatesOf, channelsIn, type Catalogue } from "../decision/catalogue.js";
import { channelsOf, type Propensities } from "../decision/funnel.js";
import { draw } from "../decision/score.js";
import type { Expressions } from "../expressions.js";
import { drawn, effects, predict, type Features } from "../learning/index.js";
import { emptyArm, type Arm } from "./arm.js";
import { featuresOf } from "./features.js";

/** What is known of a model when a decision is made. */
export interface LiveModel {
  readonly definition: ModelDefinition;
  /** What it has learned of an action on a channel; `undefined` before the first outcome. */
  arm(action: string, channel: Channel): Arm | undefined;
}

export type LiveModels = ReadonlyMap<string, LiveModel>;

/** What a model of the bank's own said, by action; or why it said nothing. */
export type OwnAnswer =
  | { readonly kind: "answered"; readonly version: number; readonly p: ReadonlyMap<string, number> }
  | { readonly kind: "none"; readonly reason: FallbackReason };
export type FallbackReason = NonNullable<Propensity["fallback"]>;

/** An action that asks a model, and the channel that it would be said on first. */
export interface Asked {
  readonly action: ActionDefinition;
  readonly prior: Prior;
  readonly channel: Channel;
}

/** By model: the candidates of a request that have one. `undefined` when none has: then there is nothing to do. */
export function askedOf(
  request: DecisionRequest,
  catalogue: Catalogue,
): ReadonlyMap<string, Asked[]> | undefined {
  let asked: Map<string, Asked[]> | undefined;
  for (const id of candidatesOf(request, catalogue)) {
    const action = catalogue.actions.get(id);
    if (action?.model === undefined || action.prior === undefined) continue;
    const channel = channelsOf({ channels: channelsIn(action) }, request)[0];
    if (channel === undefined) continue;
    asked ??= new Map();
    const others = asked.get(action.model);
    if (!others) asked.set(action.model, [{ action, prior: action.prior, channel }]);
    else if (!others.some((o) => o.action === action)) others.push({ action, prior: action.prior, channel });
  }
  return asked;
}

/** What each model expects. `own`: answers of models of the bank's own, by model. Never throws for what a model does. */
export function propensitiesOf(
  request: DecisionRequest,
  asked: ReadonlyMap<string, readonly Asked[]>,
  models: LiveModels,
  expressions: Expressions,
  own: ReadonlyMap<string, OwnAnswer> = NO_ANSWERS,
): Propensities {
  const found = new Map<string, Propensity>();
  for (const [id, candidates] of asked) {
    const model = models.get(id);
    const answer = own.get(id);
    const features =
      model && !model.definition.source ? featuresOf(model.definition, request, expressions) : {};
    for (const candidate of candidates)
      found.set(
        candidate.action.id,
        model?.definition.source
          ? answered(model.definition, candidate, answer ?? NOT_ASKED)
          : expected(request, id, model, candidate, features),
      );
  }
  return found;
}

const NO_ANSWERS: ReadonlyMap<string, OwnAnswer> = new Map();
const NOT_ASKED: OwnAnswer = { kind: "none", reason: "unavailable" };

function expected(
  request: DecisionRequest,
  id: string,
  model: LiveModel | undefined,
  { action, prior, channel }: Asked,
  features: Features,
): Propensity {
  if (!model) return priorAlone(id, prior, "model_missing");
  const { definition } = model;
  try {
    const arm = model.arm(action.id, channel);
    const state = arm?.state ?? emptyState(definition, action.id, channel, prior);
    const prediction = predict(state, features);
    const p = drawn(prediction, (draw(request.decisionId, action.id) + 0.5) / DRAWS, definition.exploration);
    if (!(prediction.p >= 0 && prediction.p <= 1 && p >= 0 && p <= 1))
      return priorAlone(nameOf(definition), prior, "model_broken");
    const top = arm ? effects(state, features).slice(0, TOP) : [];
    return {
      model: nameOf(definition),
      version: arm?.learned ?? 0,
      p: prediction.p,
      drawn: p,
      ...(top.length > 0 ? { top } : {}),
    };
  } catch {
    // A state that does not fit its definition costs the model its say, never the decision.
    return priorAlone(nameOf(definition), prior, "model_broken");
  }
}

/** A model of the bank's own is taken at its word, within the bounds. */
function answered(definition: ModelDefinition, { action, prior }: Asked, answer: OwnAnswer): Propensity {
  if (answer.kind === "none") return priorAlone(nameOf(definition), prior, answer.reason);
  const p = answer.p.get(action.id);
  if (p === undefined || !(p >= 0 && p <= 1)) return priorAlone(nameOf(definition), prior, "model_broken");
  const { lowest, highest } = definition.exploration;
  const bounded = Math.min(highest, Math.max(lowest, p));
  return { model: nameOf(definition), version: answer.version, p, drawn: bounded };
}

function priorAlone(model: string, { propensity }: Prior, fallback: FallbackReason): Propensity {
  return { model, version: 0, p: propensity, drawn: propensity, fallback };
}

/** `offer-response@1`. */
const nameOf = ({ id, version }: ModelDefinition): string => `${id}@${version}`;

const DRAWS = 2 ** 32;
const TOP = 3;

const emptyStates = new WeakMap<ModelDefinition, Map<string, Arm>>();

/** The state that an arm begins with: made once for each, because a cold start lasts for many decisions. */
function emptyState(
  definition: ModelDefinition,
  action: string,
  channel: Channel,
  prior: Prior,
): Arm["state"] {
  let known = emptyStates.get(definition);
  if (!known) emptyStates.set(definition, (known = new Map()));
  const key = `${prior.propensity}/${prior.strength}`;
  let arm = known.get(key);
  if (!arm) known.set(key, (arm = emptyArm(definition, action, channel, prior)));
  return arm.state;
}
