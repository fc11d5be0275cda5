/** Given parts for the tests of this folder. */
import { actionV1, type ActionDefinition, type DecisionRequest, type Propensity } from "#contracts";
import { ExpressionFailed, type Expressions } from "../expressions.js";
import type { Catalogue } from "./catalogue.js";

type ActionInput = Omit<Partial<ActionDefinition>, "treatments"> & { readonly channels?: readonly string[] };

/** An action with a push treatment, or one per given channel. */
export function anAction(id: string, given: ActionInput = {}): ActionDefinition {
  const { channels = ["push"], ...rest } = given;
  const treatments = channels.map((channel) => ({ channel, title: `${id} on ${channel}`, body: "Hello" }));
  return actionV1.parse({ id, description: id, purpose: "marketing", value: 1, treatments, ...rest });
}

/** A propensity that scores as it is expected. */
export function aPropensity(p: number, top?: Propensity["top"]): Propensity {
  return { model: "test", version: 7, p, drawn: p, ...(top ? { top } : {}) };
}

export function aCatalogue(...actions: ActionDefinition[]): Catalogue {
  return { actions: new Map(actions.map((a) => [a.id, a])), versions: [{ id: "test", version: 3 }] };
}

export function aRequest(given: Partial<DecisionRequest> = {}): DecisionRequest {
  return {
    decisionId: "c1.7.0",
    customerId: "c1",
    at: 1_000_000,
    moment: {
      id: "e1",
      source: "core",
      type: "transfer.sent",
      time: 999_000,
      data: { amountMinor: 123_456, currency: "CZK" },
    },
    context: { now: 1_000_000, attributes: {}, signals: {}, contacts: [] },
    profile: { seq: 1, consents: {}, holds: [] },
    journey: { id: "test", version: 1, instance: "test-1", step: "offer" },
    candidates: ["a"],
    ...given,
  };
}

/** `yes`, `no` and `fails`; any other source is a defect of the test. */
export const simpleExpressions: Expressions = {
  compiled: (source) => () => simpleExpressions.condition(source, {}),
  condition(source) {
    if (source === "yes") return true;
    if (source === "no") return false;
    if (source === "fails") throw new ExpressionFailed(source, "No such key: x");
    throw new Error(`unexpected expression ${source}`);
  },
  value: (source) => source,
  scalar: (source) => source,
};
