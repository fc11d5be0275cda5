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
import { drawn, predictWithEffects, type Features } from "../learning/index.js";
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

/** A candidate that has a model, and the channel that it would be said on first. */
export interface Asked {
  readonly action: ActionDefinition;
  readonly model: string;
  readonly prior: Prior;
  readonly channel: Channel;
}

/** Candidates that ask models of the bank's own, by model; `undefined` when there are none. */
export function askedOutside(
  request: DecisionRequest,
  catalogue: Catalogue,
  isOwn: (model: string) => boolean,
): ReadonlyMap<string, readonly Asked[]> | undefined {
  let outside: Map<string, Asked[]> | undefined;
  const modelled = modelledIn(catalogue);
  if (modelled.size === 0) return undefined;
  for (const id of candidatesOf(request, catalogue)) {
    const asked = askedBy(request, modelled.get(id));
    if (!asked || !isOwn(asked.model)) continue;
    outside ??= new Map();
    const others = outside.get(asked.model);
    if (others) others.push(asked);
    else outside.set(asked.model, [asked]);
  }
  return outside;
}

/**
 * What the models of a request's candidates expect; `undefined` when none has a model. Of candidates that the request names all are
 * there; of those that come by tag, who may be thousands, only those that are asked for. `own`: answers of models of the bank's own,
 * by model. Never throws for what a model does.
 */
export function propensitiesOf(
  request: DecisionRequest,
  catalogue: Catalogue,
  models: LiveModels,
  expressions: Expressions,
  own: ReadonlyMap<string, OwnAnswer> = NO_ANSWERS,
): Propensities | undefined {
  const modelled = modelledIn(catalogue);
  if (modelled.size === 0) return undefined;
  if (!request.tags && !request.candidates.some((id) => modelled.has(id))) return undefined;
  const expectations = new Expectations(request, modelled, models, expressions, own);
  for (const id of request.candidates) expectations.get(id);
  return expectations;
}

/** What is expected where no model is at hand, as in a simulation: the priors alone, and nothing is tried out. */
export function priorsOf(
  request: DecisionRequest,
  catalogue: Catalogue,
  expressions: Expressions,
): Propensities | undefined {
  return propensitiesOf(request, catalogue, NO_MODELS, expressions);
}

const NO_MODELS: LiveModels = new Map();

/** Computes what is asked for, once; holds what was. */
class Expectations extends Map<string, Propensity> {
  readonly #features = new Map<string, Features>();

  constructor(
    private readonly request: DecisionRequest,
    private readonly modelled: Modelled,
    private readonly models: LiveModels,
    private readonly expressions: Expressions,
    private readonly own: ReadonlyMap<string, OwnAnswer>,
  ) {
    super();
  }

  override get(id: string): Propensity | undefined {
    const known = super.get(id);
    if (known) return known;
    const asked = askedBy(this.request, this.modelled.get(id));
    if (!asked) return undefined;
    const model = this.models.get(asked.model);
    const propensity = !model
      ? priorAlone(asked.model, asked.prior, "model_missing")
      : model.definition.source
        ? answered(model.definition, asked, this.own.get(asked.model) ?? NOT_ASKED)
        : expected(this.request, model, asked, this.#featuresOf(model.definition));
    this.set(id, propensity);
    return propensity;
  }

  #featuresOf(definition: ModelDefinition): Features {
    let features = this.#features.get(definition.id);
    if (!features) {
      features = featuresOf(definition, this.request, this.expressions);
      this.#features.set(definition.id, features);
    }
    return features;
  }
}

/** Actions that have a model, by id. */
type Modelled = ReadonlyMap<string, Omit<Asked, "channel"> & { readonly channels: readonly Channel[] }>;

/** A catalogue is never changed, so that this is found once. */
const modelledOf = new WeakMap<Catalogue, Modelled>();

function modelledIn(catalogue: Catalogue): Modelled {
  const known = modelledOf.get(catalogue);
  if (known) return known;
  const found: Modelled = new Map(
    [...catalogue.actions.values()].flatMap((action) => {
      const { id, model, prior } = action;
      return model === undefined || prior === undefined
        ? []
        : [[id, { action, model, prior, channels: channelsIn(action) }] as const];
    }),
  );
  modelledOf.set(catalogue, found);
  return found;
}

function askedBy(
  request: DecisionRequest,
  modelled: (Omit<Asked, "channel"> & { readonly channels: readonly Channel[] }) | undefined,
): Asked | undefined {
  if (!modelled) return undefined;
  const channel = channelsOf(modelled, request)[0];
  if (channel === undefined) return undefined;
  const { action, model, prior } = modelled;
  return { action, model, prior, channel };
}

const NO_ANSWERS: ReadonlyMap<string, OwnAnswer> = new Map();
const NOT_ASKED: OwnAnswer = { kind: "none", reason: "unavailable" };

function expected(
  request: DecisionRequest,
  model: LiveModel,
  { action, prior, channel }: Asked,
  features: Features,
): Propensity {
  const { definition } = model;
  try {
    const arm = model.arm(action.id, channel);
    const state = arm?.state ?? emptyState(definition, action.id, channel, prior);
    const { prediction, effects } = predictWithEffects(state, features, arm ? TOP : 0);
    const p = drawn(prediction, (draw(request.decisionId, action.id) + 0.5) / DRAWS, definition.exploration);
    if (!(prediction.p >= 0 && prediction.p <= 1 && p >= 0 && p <= 1))
      return priorAlone(nameOf(definition), prior, "model_broken");
    const found = { model: nameOf(definition), version: arm?.learned ?? 0, p: prediction.p, drawn: p };
    return effects.length > 0 ? { ...found, top: [...effects] } : found;
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
