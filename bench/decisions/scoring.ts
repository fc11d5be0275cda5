/**
 * How long the pure core takes from a request to its ranking: eligibility, applicability and suitability in CEL, a context
 * weight, propensities, rest and diversity, score and order. Every candidate has expressions of its own, so that none is
 * computed for two of them.
 */
import { actionV1, type ActionDefinition, type DecisionRequest, type Propensity } from "#contracts";
import { compileScalar, createExpressions } from "#definitions";
import { prepareCatalogue, rank, type Catalogue, type Expressions, type Propensities } from "#domain";
import { Histogram } from "../histogram.js";

export interface ScoringFigures {
  readonly candidates: number;
  /** Candidates that met their conditions and were scored. */
  readonly scored: number;
  readonly runs: number;
  /** Of one decision. */
  readonly p50Micros: number;
  readonly p99Micros: number;
  /** CPU time of one decision: on a busy machine the figure that says something. */
  readonly cpuMicros: number;
  /** With every expression computed by the CEL library, in the same run. */
  readonly library: { readonly p50Micros: number; readonly cpuMicros: number };
  /** CPU of the library's way to ours. */
  readonly ratio: number;
}

/** Measures decisions among `candidates` actions. */
export function measureScoring(candidates: number, runs: number): ScoringFigures {
  const actions = Array.from({ length: candidates }, (_, i) => actionOf(i));
  const catalogue: Catalogue = {
    actions: new Map(actions.map((a) => [a.id, a])),
    arbitration: { off: [], diversity: { contacts: 5, sameAction: 2 } },
    versions: [{ id: "bench", version: 1 }],
  };
  const propensities = propensitiesOf(actions);
  const ours = timed(requestFor(actions), catalogue, createExpressions(), propensities, runs);
  const library = timed(requestFor(actions), catalogue, libraryAlone(), propensities, Math.ceil(runs / 4));
  return {
    candidates,
    scored: ours.scored,
    runs,
    p50Micros: ours.histogram.percentile(50),
    p99Micros: ours.histogram.percentile(99),
    cpuMicros: ours.cpuMicros,
    library: { p50Micros: library.histogram.percentile(50), cpuMicros: library.cpuMicros },
    ratio: library.cpuMicros / ours.cpuMicros,
  };
}

interface Timed {
  readonly histogram: Histogram;
  readonly cpuMicros: number;
  readonly scored: number;
}

function timed(
  request: DecisionRequest,
  catalogue: Catalogue,
  expressions: Expressions,
  propensities: Propensities,
  runs: number,
): Timed {
  // A map of its own: what is prepared belongs to the expressions it was prepared with.
  const own = { ...catalogue, actions: new Map(catalogue.actions) };
  prepareCatalogue(own, expressions);
  const once = (n: number): number =>
    rank({ ...request, decisionId: `bench.${n}.0` }, own, expressions, propensities).ranked.length;
  for (let n = 0; n < runs / 4; n++) once(n);
  const histogram = new Histogram();
  let scored = 0;
  const before = process.cpuUsage();
  for (let n = 0; n < runs; n++) {
    const start = performance.now();
    scored = once(n);
    histogram.record((performance.now() - start) * 1_000);
  }
  const { user, system } = process.cpuUsage(before);
  return { histogram, cpuMicros: (user + system) / runs, scored };
}

/** Conditions of the kind that catalogues are made of, each with numbers of its own. */
function actionOf(i: number): ActionDefinition {
  return actionV1.parse({
    id: `offer-${i}`,
    description: "an offer of the benchmark",
    purpose: "marketing",
    value: 10 + ((i * 37) % 1_000) / 10,
    weight: i % 3 === 0 ? 1.2 : 1,
    eligibility: `has(context.attributes.balanceMinor) && context.attributes.balanceMinor > ${i * 10}`,
    applicability: `event.type == "transfer.sent" && event.data.amountMinor >= ${i}`,
    suitability: `!("account.overdrawn" in context.signals) || context.signals["account.overdrawn"].n < ${1 + (i % 7)}`,
    contextWeights: [
      {
        when: `event.data.amountMinor * 10 >= ${1 + (i % 9)} * context.attributes.balanceMinor + ${i}`,
        weight: 1.2,
        why: "a large part of the balance leaves",
      },
    ],
    treatments: ["push", "email"].map((channel) => ({ channel, title: "An offer", body: "See the app." })),
  });
}

/** Every second action has a model. */
function propensitiesOf(actions: readonly ActionDefinition[]): Propensities {
  return new Map(
    actions.flatMap(({ id }, i): [string, Propensity][] =>
      i % 2 === 0 ? [] : [[id, { model: "bench", version: 1, p: 0.2, drawn: ((i * 7_919) % 1_000) / 1_000 }]],
    ),
  );
}

function requestFor(actions: readonly ActionDefinition[]): DecisionRequest {
  const at = Date.UTC(2026, 2, 2, 10);
  return {
    decisionId: "bench.0.0",
    customerId: "bench",
    at,
    moment: {
      id: "e",
      source: "core",
      type: "transfer.sent",
      time: at,
      data: { amountMinor: 6_000_000, currency: "EUR" },
    },
    context: {
      now: at,
      attributes: { balanceMinor: 2_000_000 },
      signals: { "account.overdrawn": { n: 1, last: at - 1_000 } },
      contacts: actions.slice(0, 5).map(({ id }, i) => ({
        action: id,
        channel: "push",
        purpose: "marketing",
        at: at - (i + 1) * 86_400_000,
      })),
    },
    profile: { seq: 1, consents: {}, holds: [] },
    journey: { id: "bench", version: 1, instance: "bench-1", step: "offer" },
    candidates: actions.map((a) => a.id),
  };
}

/** Expressions as they would be without the fast way of conditions. */
function libraryAlone(): Expressions {
  return {
    ...createExpressions(),
    compiled: (source) => {
      const scalar = compileScalar(source);
      return (variables) => scalar(variables) === true;
    },
  };
}
