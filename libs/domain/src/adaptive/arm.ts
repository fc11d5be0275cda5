/**
 * An arm: one action on one channel, with what its model has learned of it. State and place in AUDIT are one value: an order at or
 * below `upTo` has been learned, and is never learned again.
 */
import type { Channel, ModelDefinition, Prior } from "#contracts";
import {
  emptyModel,
  learn,
  newDrift,
  predict,
  type DriftFinding,
  type Features,
  type ModelState,
} from "../learning/index.js";
import { specOf } from "./features.js";
import { EMPTY_WATCH, withForecast, type Watch } from "./watch.js";

/** As it is stored, in this order of fields (`armV1`). */
export interface Arm {
  readonly v: 1;
  readonly model: string;
  readonly action: string;
  readonly channel: Channel;
  readonly prior: Prior;
  readonly upTo: number;
  readonly learned: number;
  readonly successes: number;
  readonly state: ModelState;
  readonly watch: Watch;
}

/** What was learned of one order. */
export interface LearnedOrder {
  /** AUDIT sequence of the message that ordered it. */
  readonly seq: number;
  readonly action: string;
  /** That carried it. */
  readonly channel: Channel;
  readonly features: Features;
  readonly label: 0 | 1;
  /** When it was ordered, Segue's clock, epoch ms. */
  readonly at: number;
}

/** An arm that knows nothing but its prior. */
export function emptyArm(definition: ModelDefinition, action: string, channel: Channel, prior: Prior): Arm {
  return {
    v: 1,
    model: definition.id,
    action,
    channel,
    prior: { propensity: prior.propensity, strength: prior.strength },
    upTo: 0,
    learned: 0,
    successes: 0,
    state: emptyModel(specOf(definition, prior)),
    watch: EMPTY_WATCH,
  };
}

/** An arm and what orders taught it. */
export interface Taught {
  readonly before: Arm;
  readonly after: Arm;
  /** What the outcomes revealed that was otherwise before. */
  readonly drift: readonly DriftFinding[];
}

/**
 * The arms that orders teach something, after them. Orders come in the order of AUDIT, all of one message together; one that its arm
 * has learned already changes nothing. `armOf`: the arm as it is; `undefined` where there is none and none may begin.
 */
export function taughtBy(
  orders: readonly LearnedOrder[],
  armOf: (action: string, channel: Channel) => Arm | undefined,
): readonly Taught[] {
  const taught = new Map<string, { before: Arm; after: Arm; drift: DriftFinding[] }>();
  for (const order of orders) {
    const key = `${order.action}/${order.channel}`;
    let arm = taught.get(key);
    if (!arm) {
      const before = armOf(order.action, order.channel);
      if (!before) continue;
      taught.set(key, (arm = { before, after: before, drift: [] }));
    }
    if (order.seq <= arm.before.upTo) continue;
    arm.after = withOrder(arm.after, order);
    arm.drift.push(...newDrift(arm.after.state));
  }
  return [...taught.values()].filter((t) => t.after !== t.before);
}

function withOrder(arm: Arm, { seq, features, label, at }: LearnedOrder): Arm {
  const { prior, learned, successes } = arm;
  const plain = (prior.propensity * prior.strength + successes) / (prior.strength + learned);
  return {
    ...arm,
    upTo: seq,
    learned: learned + 1,
    successes: successes + label,
    state: learn(arm.state, features, label, at),
    watch: withForecast(arm.watch, predict(arm.state, features).p, plain, label),
  };
}
