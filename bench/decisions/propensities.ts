/** How long the propensities of a decision's candidates take: features in CEL, forecast, draw and what mattered most, per candidate. */
import { actionV1, type ActionDefinition, type DecisionRequest, type ModelDefinition } from "#contracts";
import { createExpressions, loadModels } from "#definitions";
import { emptyArm, featuresOf, propensitiesOf, taughtBy, type Arm, type LiveModels } from "#domain";
import { Histogram } from "../histogram.js";

export interface PropensityFigures {
  readonly candidates: number;
  readonly features: number;
  readonly runs: number;
  /** Of one decision. */
  readonly p50Micros: number;
  readonly p99Micros: number;
  readonly cpuMicros: number;
  /** CPU time of one lesson, and bytes of an arm as it is stored. */
  readonly lessonMicros: number;
  readonly armBytes: number;
}

const LESSONS = 500;
/** Made beforehand: in the service they come off the wire. */
const REQUESTS = 991;
const prior = { propensity: 0.04, strength: 20 };
const expressions = createExpressions();

/** Measures with the shipped model of offers: candidates with an arm each, which has learned of 500 orders. */
export function measurePropensities(candidates: number, runs: number): PropensityFigures {
  const model = loadModels(process.cwd()).find((m) => m.id === "offer-response");
  if (!model) throw new Error("models/offer-response.yaml is not there: run from the repository's folder");
  const actions = Array.from({ length: candidates }, (_, i) => actionOf(`offer-${i}`, model.id));
  const catalogue = { actions: new Map(actions.map((a) => [a.id, a])), versions: [] };
  const lessons = process.cpuUsage();
  const arms = new Map(actions.map(({ id }) => [id, taughtArm(model, id)]));
  const lessonMicros = micros(lessons) / (LESSONS * candidates);
  const live: LiveModels = new Map([[model.id, { definition: model, arm: (id: string) => arms.get(id) }]]);
  const requests = Array.from({ length: REQUESTS }, (_, n) => requestOf(n, actions));
  const once = (n: number): number =>
    propensitiesOf(requests[n % REQUESTS]!, catalogue, live, expressions)?.size ?? 0;
  for (let n = 0; n < runs / 4; n++) once(n);
  const histogram = new Histogram();
  const before = process.cpuUsage();
  for (let n = 0; n < runs; n++) {
    const start = performance.now();
    once(n);
    histogram.record((performance.now() - start) * 1_000);
  }
  return {
    candidates,
    features: Object.keys(model.features).length,
    runs,
    p50Micros: histogram.percentile(50),
    p99Micros: histogram.percentile(99),
    cpuMicros: micros(before) / runs,
    lessonMicros,
    armBytes: JSON.stringify([...arms.values()][0]).length,
  };
}

function micros(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}

function taughtArm(model: ModelDefinition, action: string): Arm {
  const orders = Array.from({ length: LESSONS }, (_, i) => ({
    seq: i + 1,
    action,
    channel: "push" as const,
    label: i % 9 === 0 ? (1 as const) : (0 as const),
    at: i,
    features: featuresOf(model, requestOf(i, []), expressions),
  }));
  return taughtBy(orders, () => emptyArm(model, action, "push", prior))[0]!.after;
}

function actionOf(id: string, model: string): ActionDefinition {
  const treatments = [{ channel: "push", title: "An offer", body: "See the app." }];
  return actionV1.parse({ id, description: id, purpose: "marketing", value: 1, model, prior, treatments });
}

function requestOf(n: number, actions: readonly ActionDefinition[]): DecisionRequest {
  const at = Date.UTC(2026, 2, 2, 10);
  const contact = { action: "offer-1", channel: "push", purpose: "marketing", outcome: "delivered" } as const;
  return {
    decisionId: `bench.${n}.0`,
    customerId: "bench",
    at,
    moment: {
      id: "e",
      source: "core",
      type: n % 3 === 0 ? "transfer.sent" : "payment.sent",
      time: at,
      data: { amountMinor: 5_000 + (n % 77) * 1_000 },
    },
    context: {
      now: at,
      attributes: { balanceMinor: 100_000 + (n % 991) * 500 },
      signals: { "payment.sent": { n: 1 + (n % 9), last: at } },
      windows: { "logins-30d": n % 20, "transferred-7d": (n % 13) * 10_000 },
      contacts: Array.from({ length: 8 }, (_, i) => ({ ...contact, at: at - i * 86_400_000 })),
    },
    profile: { seq: 1, consents: {}, holds: [] },
    journey: { id: "bench", version: 1, instance: "bench-1", step: "offer" },
    candidates: actions.map((a) => a.id),
  };
}
