import { modelV1, type ActionDefinition, type ModelDefinition } from "#contracts";
import { aCatalogue, anAction, aRequest } from "../decision/given-decision.js";
import { ExpressionFailed, type Expressions } from "../expressions.js";
import { emptyArm, taughtBy, type Arm, type LearnedOrder } from "./arm.js";
import { featuresOf } from "./features.js";
import { lessonOf } from "./lesson.js";
import { askedOutside, propensitiesOf, type LiveModels, type OwnAnswer } from "./propensity.js";
import { EMPTY_WATCH, performanceOf, together, withForecast, type Watch } from "./watch.js";
import { weightsOf } from "./weights.js";

const model = (more: object = {}): ModelDefinition =>
  modelV1.parse({
    kind: "Model",
    id: "m",
    version: 2,
    description: "d",
    success: ["converted"],
    horizon: "1d",
    features: {
      amount: { kind: "number", of: "amount" },
      segment: { kind: "category", of: "segment" },
      vip: { kind: "flag", of: "vip" },
    },
    ...more,
  });

/** Values by source; what is not there fails. */
function expressionsOf(values: Readonly<Record<string, number | string | boolean>>): Expressions {
  const read = (source: string): number | string | boolean => {
    const value = values[source];
    if (value === undefined) throw new ExpressionFailed(source, "No such key");
    return value;
  };
  return {
    compiled: (s) => () => read(s) === true,
    condition: (s) => read(s) === true,
    value: (s) => String(read(s)),
    scalar: read,
  };
}

const known = expressionsOf({ amount: 7, segment: "gold", vip: true });
const prior = { propensity: 0.1, strength: 20 };
const asks = (id: string, more: Partial<ActionDefinition> = {}): ActionDefinition =>
  anAction(id, { model: "m", prior, ...more });
const liveOf = (definition: ModelDefinition, arms: Readonly<Record<string, Arm>> = {}): LiveModels =>
  new Map([
    [definition.id, { definition, arm: (action: string, channel: string) => arms[`${action}/${channel}`] }],
  ]);

const order = (seq: number, label: 0 | 1, segment = "gold"): LearnedOrder => ({
  seq,
  action: "a",
  channel: "push",
  label,
  at: seq,
  features: { amount: seq % 5, segment, vip: false },
});

/** As a learner with one arm. */
function taught(orders: readonly LearnedOrder[], from = emptyArm(model(), "a", "push", prior)): Arm {
  return taughtBy(orders, () => from)[0]?.after ?? from;
}

describe("features", () => {
  it("are of their kind, and missing where they cannot be computed", () => {
    expect(featuresOf(model(), aRequest(), known)).toEqual({ amount: 7, segment: "gold", vip: true });
    expect(featuresOf(model(), aRequest(), expressionsOf({ vip: false, amount: "much" }))).toEqual({
      vip: false,
    });
  });

  it("let a defect through", () => {
    const broken: Expressions = {
      ...known,
      scalar: () => {
        throw new TypeError("a defect");
      },
    };
    expect(() => featuresOf(model(), aRequest(), broken)).toThrow("a defect");
  });
});

describe("a settled order", () => {
  it.each([
    [["delivered"], 0],
    [["delivered", "clicked"], 0],
    [["delivered", "clicked", "converted", "converted"], 1],
    [["converted"], 1],
    [["unknown", "converted"], 1],
    [["declined"], 0],
    [["failed"], undefined],
    [["unknown"], undefined],
    [["suppressed"], undefined],
    [[], undefined],
  ] as const)("that was %j teaches %s", (kinds, label) => {
    const told = kinds.map((outcome) => ({ outcome, channel: "sms" as const }));
    expect(lessonOf(told, ["converted"])?.label).toBe(label);
  });

  it("teaches the channel that carried it in the end", () => {
    const told = [
      { outcome: "delivered", channel: "email" },
      { outcome: "converted", channel: "push" },
    ] as const;
    expect(lessonOf(told, ["converted"])).toEqual({ label: 1, channel: "email" });
  });
});

describe("an arm", () => {
  it("learns each order once, all of one message together", () => {
    const orders = [order(3, 1), order(3, 0), order(5, 1)];
    const arm = taught(orders);
    expect(arm).toMatchObject({ upTo: 5, learned: 3, successes: 2 });
    expect(taughtBy(orders, () => arm)).toEqual([]);
    expect(taught([order(5, 1), order(6, 0)], arm)).toMatchObject({ upTo: 6, learned: 4, successes: 2 });
  });

  it("is the same bytes however it was stored between", () => {
    const orders = Array.from({ length: 60 }, (_, i) => order(i + 1, i % 4 === 0 ? 1 : 0, i % 2 ? "x" : "y"));
    let stored = emptyArm(model(), "a", "push", prior);
    for (const o of orders) stored = taught([o], JSON.parse(JSON.stringify(stored)) as Arm);
    expect(JSON.stringify(taught(orders))).toBe(JSON.stringify(stored));
  });

  it("begins nothing where none may begin", () =>
    expect(taughtBy([order(1, 1)], () => undefined)).toEqual([]));

  it("tells what matters most", () => {
    const orders = Array.from({ length: 200 }, (_, i) => order(i + 1, i % 2 ? 1 : 0, i % 2 ? "yes" : "no"));
    const [first] = weightsOf(taught(orders).state);
    expect(first!.feature).toMatch(/segment = (yes|no)/);
    expect(Math.abs(first!.weight)).toBeGreaterThan(0.2);
  });
});

describe("propensities", () => {
  const request = aRequest({ candidates: ["a", "b", "a", "plain", "gone"] });
  const catalogue = aCatalogue(asks("a"), asks("b"), anAction("plain"));
  const of = (live: LiveModels, own?: ReadonlyMap<string, OwnAnswer>, asked = catalogue) =>
    propensitiesOf(request, asked, live, known, own)!;

  it("are nobody's business when no candidate has a model", () => {
    const none = aCatalogue(anAction("a"));
    expect(propensitiesOf(request, none, liveOf(model()), known)).toBeUndefined();
    const others = aRequest({ candidates: ["plain"] });
    expect(propensitiesOf(others, catalogue, liveOf(model()), known)).toBeUndefined();
    const nowhere = { ...request, exclude: ["push" as const] };
    expect(propensitiesOf(nowhere, catalogue, liveOf(model()), known)!.size).toBe(0);
  });

  it("of candidates that come by tag are computed when they are scored", () => {
    const tagged = aCatalogue(asks("a"), asks("b", { tags: ["t"] }), asks("c", { tags: ["t"] }));
    const byTag = { ...request, candidates: ["a"], tags: ["t"] };
    const told = propensitiesOf(byTag, tagged, liveOf(model()), known)!;
    expect([...told.keys()]).toEqual(["a"]);
    expect(told.get("c")).toMatchObject({ version: 0 });
    expect(told.get("gone")).toBeUndefined();
    expect([...told.keys()]).toEqual(["a", "c"]);
  });

  it("of models of the bank's own are asked together", () => {
    const own = askedOutside(request, catalogue, (id) => id === "m")!;
    expect(own.get("m")!.map((a) => [a.action.id, a.channel])).toEqual([
      ["a", "push"],
      ["b", "push"],
    ]);
    expect(askedOutside(request, catalogue, () => false)).toBeUndefined();
  });

  it("begin at the prior, drawn within the bounds, the same for the same decision", () => {
    const first = of(liveOf(model()));
    expect([...first.keys()]).toEqual(["a", "b"]);
    expect(first.get("a")).toMatchObject({ model: "m@2", version: 0 });
    expect(first.get("a")!.p).toBeCloseTo(0.1, 2);
    expect(of(liveOf(model()))).toEqual(first);
    const bounds = { lowest: 0.3, highest: 0.4 };
    for (const { drawn } of of(liveOf(model({ exploration: bounds }))).values()) {
      expect(drawn).toBeGreaterThanOrEqual(0.3);
      expect(drawn).toBeLessThanOrEqual(0.4);
    }
  });

  it("are what was expected where nothing is tried out", () => {
    const { p, drawn } = of(liveOf(model({ exploration: { deviations: 0 } }))).get("a")!;
    expect(drawn).toBeCloseTo(p, 12);
  });

  it("follow what was learned of the action on its first channel, and say why", () => {
    const good = taught(Array.from({ length: 100 }, (_, i) => order(i + 1, i % 10 === 0 ? 0 : 1)));
    const told = of(liveOf(model({ exploration: { deviations: 0 } }), { "a/push": good }));
    expect(told.get("a")!.p).toBeGreaterThan(0.6);
    expect(told.get("a")).toMatchObject({ version: 100 });
    expect(told.get("a")!.top!.length).toBeGreaterThan(0);
    expect(told.get("b")!.p).toBeCloseTo(0.1, 2);
  });

  it("fall back to the prior where the model is missing or broken", () => {
    const alone = { p: 0.1, drawn: 0.1, version: 0 };
    expect(of(new Map()).get("a")).toEqual({ model: "m", ...alone, fallback: "model_missing" });
    const broken = { ...taught([order(1, 1)]), state: {} } as unknown as Arm;
    const told = of(liveOf(model(), { "a/push": broken }));
    expect(told.get("a")).toEqual({ model: "m@2", ...alone, fallback: "model_broken" });
    expect(told.get("b")!.fallback).toBeUndefined();
  });

  it("take a model of the bank's own at its word, within the bounds", () => {
    const source = { kind: "http", url: "http://models.test" };
    const live = liveOf(model({ source, exploration: { highest: 0.5 } }));
    const p = new Map([["a", 0.9]]);
    const told = of(live, new Map([["m", { kind: "answered", version: 7, p }]]));
    expect(told.get("a")).toEqual({ model: "m@2", version: 7, p: 0.9, drawn: 0.5 });
    expect(told.get("b")!.fallback).toBe("model_broken");
    expect(of(live, new Map([["m", { kind: "none", reason: "too_late" }]])).get("a")!.fallback).toBe(
      "too_late",
    );
    expect(of(live).get("a")!.fallback).toBe("unavailable");
  });
});

describe("how a model has done", () => {
  const forecasts = (pairs: readonly (readonly [number, 0 | 1])[]): Watch =>
    pairs.reduce((watch, [p, label]) => withForecast(watch, p, 0.5, label), EMPTY_WATCH);

  it("is nothing before the first outcome", () =>
    expect(performanceOf(EMPTY_WATCH)).toEqual({ outcomes: 0, successes: 0, calibration: [] }));

  it("counts pairs told apart, alike ones half", () => {
    expect(
      performanceOf(
        forecasts([
          [0.8, 1],
          [0.2, 0],
        ]),
      ).auc,
    ).toBe(1);
    expect(
      performanceOf(
        forecasts([
          [0.2, 1],
          [0.8, 0],
        ]),
      ).auc,
    ).toBe(0);
    expect(
      performanceOf(
        forecasts([
          [0.5, 1],
          [0.5, 0],
        ]),
      ).auc,
    ).toBe(0.5);
    expect(performanceOf(forecasts([[0.5, 1]])).auc).toBeUndefined();
  });

  it("is calibrated where forecasts come true", () => {
    const fair = forecasts(Array.from({ length: 1_000 }, (_, i) => [0.3, i % 10 < 3 ? 1 : 0] as const));
    const { calibrationError, logLoss, calibration } = performanceOf(fair);
    expect(calibrationError).toBeCloseTo(0, 10);
    expect(calibration).toMatchObject([{ outcomes: 1_000 }]);
    expect(logLoss).toBeCloseTo(0.6109, 3);
    const vain = forecasts(Array.from({ length: 100 }, () => [0.9, 0] as const));
    expect(performanceOf(vain).calibrationError).toBeCloseTo(0.9, 10);
  });

  it("adds up", () => {
    const [a, b] = [forecasts([[0.8, 1]]), forecasts([[0.2, 0]])];
    expect(performanceOf(together([a, b]))).toEqual(
      performanceOf(
        forecasts([
          [0.8, 1],
          [0.2, 0],
        ]),
      ),
    );
  });
});
