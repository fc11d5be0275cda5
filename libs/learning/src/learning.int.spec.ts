/** Orders settle in the order of AUDIT and are learned once each, whoever learns and whatever comes late, twice or at the same time. */
import { jest } from "@jest/globals";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import type { ModelDefinition, ModelPosition } from "#contracts";
import { createExpressions } from "#definitions";
import type { LearnedOrder } from "#domain";
import { Lease } from "#messaging";
import { eventually, startServers, type TestServers } from "#testing";
import { followModels } from "./followed-models.js";
import { GivenAudit, givenModel, HOUR_MS } from "./given-audit.js";
import { Learner, type LearnerLog } from "./learner.js";
import { modelMetrics } from "./model-metrics.js";
import { ModelConflict, ModelStore } from "./model-store.js";
import { digestOf, replayModel } from "./replay-model.js";
import { positionAtStart, SettledOrders } from "./settled-orders.js";

const DAY_MS = 24 * HOUR_MS;
const expressions = createExpressions();
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const prior = { propensity: 0.2, strength: 10 };

describe("learning from AUDIT", () => {
  let servers: TestServers;
  let jsm: JetStreamManager;
  let audit: GivenAudit;
  /** Each test has a model, and orders, of its own; times go on from test to test. */
  let model: ModelDefinition;
  let n = 0;
  let t = 0;
  beforeAll(async () => {
    servers = await startServers();
    jsm = await jetstreamManager(servers.nc);
    audit = new GivenAudit(servers.nc);
  });
  afterAll(() => servers.stop());
  beforeEach(() => {
    n++;
    t += 30 * DAY_MS;
    model = { ...givenModel, id: `response-${n}` };
  });

  const order = (customer: string, more: { at?: number; segment?: string } = {}): Promise<string> =>
    audit.order({ customer: `${customer}-${n}`, at: t, model: model.id, ...more });

  async function settled(from: ModelPosition = positionAtStart(model.id)): Promise<{
    orders: LearnedOrder[];
    position: ModelPosition;
  }> {
    const reader = new SettledOrders(jsm.direct, model, expressions, from);
    const orders: LearnedOrder[] = [];
    let position = from;
    for (let b = await reader.next(); b; b = await reader.next()) {
      orders.push(...b.orders);
      position = b.position;
    }
    return { orders, position };
  }

  function learner(holder: string, definition = model, log: LearnerLog = silent): Learner {
    const options = {
      models: [definition],
      priorOf: () => prior,
      expressions,
      log,
      holder,
      lookMs: 20,
    };
    const made = new Learner(servers.nc, options);
    made.start();
    return made;
  }

  const learned = async (): Promise<number> =>
    (await ModelStore.read(servers.nc, model)).arms.reduce((sum, arm) => sum + arm.learned, 0);

  it("settles an order once its horizon has passed in AUDIT, and not before", async () => {
    const early = await order("early");
    await audit.outcome(early, "delivered", t);
    await audit.outcome(early, "converted", t + 23 * HOUR_MS);
    await audit.time(t + 23 * HOUR_MS);
    expect((await settled()).orders).toEqual([]);
    await audit.time(t + 24 * HOUR_MS);
    expect((await settled()).orders).toMatchObject([
      { action: "a", channel: "push", label: 1, at: t, features: { balance: 100, segment: "x" } },
    ]);
  });

  it("knows success, no success, and what nobody saw", async () => {
    const [good, none, refused, lost, silently] = [
      await order("good"),
      await order("none"),
      await order("refused"),
      await order("lost"),
      await order("silent"),
    ];
    await audit.outcome(good, "delivered", t, "email");
    await audit.outcome(good, "converted", t + 2, "email");
    await audit.outcome(none, "delivered", t);
    await audit.outcome(none, "clicked", t + 1);
    await audit.outcome(refused, "delivered", t);
    await audit.outcome(refused, "declined", t + 1);
    await audit.outcome(lost, "failed", t);
    void silently;
    await audit.time(t + 2 * DAY_MS);
    const { orders, position } = await settled();
    expect(orders.map((o) => [o.label, o.channel])).toEqual([
      [1, "email"],
      [0, "push"],
      [0, "push"],
    ]);
    expect(position).toMatchObject({ learned: 3, unseen: 2, unreadable: 0 });
  });

  it("counts an outcome that comes days late once, and one beyond the horizon not at all", async () => {
    model = { ...model, horizon: "5d" };
    const late = await order("late");
    const tooLate = await order("too-late");
    for (const c of [late, tooLate]) await audit.outcome(c, "delivered", t);
    await audit.outcome(late, "converted", t + 4 * DAY_MS);
    // The same again, as a channel that is not sure reports it.
    await audit.outcome(late, "converted", t + 4 * DAY_MS + 1);
    await audit.outcome(tooLate, "converted", t + 6 * DAY_MS);
    await audit.time(t + 7 * DAY_MS);
    expect((await settled()).orders.map((o) => o.label)).toEqual([1, 0]);
  });

  it("counts an order that was relayed again after a crash once", async () => {
    const given = { customer: `twice-${n}`, at: t, model: model.id };
    const command = await audit.order(given);
    await audit.outcome(command, "delivered", t);
    await audit.orderAgain(given);
    await audit.time(t + 2 * DAY_MS);
    // Much later, behind everything else.
    await audit.orderAgain(given);
    await audit.time(t + 4 * DAY_MS);
    expect((await settled()).orders).toHaveLength(1);
  });

  it("finds the decision of an order also behind another one, and leaves other models' alone", async () => {
    const given = { customer: `c-${n}`, at: t, model: model.id, segment: "gold" };
    const other = { customer: `o-${n}`, at: t, model: "another" };
    await audit.outcome(await audit.order(given), "delivered", t);
    await audit.outcome(await audit.order(other), "delivered", t);
    await audit.order({ ...given, n: 2, segment: "blue", at: t + 1 });
    await audit.time(t + 2 * DAY_MS);
    expect((await settled()).orders.map((o) => o.features["segment"])).toEqual(["gold"]);
  });

  it("gives the same orders however often reading is broken off", async () => {
    for (let i = 0; i < 40; i++) {
      const command = await order(`c${i}`, { at: t + i * HOUR_MS, segment: i % 2 ? "x" : "y" });
      await audit.outcome(command, "delivered", t + i * HOUR_MS);
      if (i % 3 === 0) await audit.outcome(command, "converted", t + (i + 1) * HOUR_MS);
    }
    await audit.time(t + 10 * DAY_MS);
    const whole = await settled();
    expect(whole.orders).toHaveLength(40);
    const reader = new SettledOrders(jsm.direct, model, expressions, positionAtStart(model.id));
    const first = (await reader.next())!;
    const rest = await settled(first.position);
    expect([...first.orders, ...rest.orders]).toEqual(whole.orders);
    expect(rest.position).toEqual(whole.position);
  });

  it("learns each order once, across a restart, and replays to the same bytes", async () => {
    const one = learner("one");
    for (let i = 0; i < 30; i++) {
      const command = await order(`c${i}`, { at: t + i * HOUR_MS });
      await audit.outcome(command, "delivered", t + i * HOUR_MS);
      if (i % 2) await audit.outcome(command, "converted", t + i * HOUR_MS);
    }
    await audit.time(t + 40 * HOUR_MS);
    await eventually("the first orders to be learned", async () => (await learned()) > 0);
    await one.stop();
    await audit.time(t + 10 * DAY_MS);
    const two = learner("two");
    await eventually("all to be learned", async () => (await learned()) === 30);
    await two.stop();
    const store = await ModelStore.read(servers.nc, model);
    expect(store.arms).toMatchObject([{ action: "a", channel: "push", learned: 30, successes: 15, prior }]);
    const replayed = await replayModel(servers.nc, model, store, expressions);
    const metrics = await modelMetrics(servers.nc, [model]);
    expect(metrics).toContain(
      `segue_model_successes_total{model="${model.id}",action="a",channel="push"} 15`,
    );
    expect(replayed).toMatchObject([{ learned: 30, same: true, stored: digestOf(store.arms[0]!) }]);
  });

  it("passes over what an owner had learned and not noted when it died", async () => {
    for (let i = 0; i < 5; i++) await audit.outcome(await order(`c${i}`), "delivered", t);
    await audit.time(t + 2 * DAY_MS);
    const one = learner("one");
    await eventually("all to be learned", async () => (await learned()) === 5);
    await one.stop();
    const before = await ModelStore.read(servers.nc, model);
    // As if it had died between the arm and the position.
    await before.putPosition(positionAtStart(model.id));
    const two = learner("two");
    await eventually(
      "the position to be where it was",
      async () => (await ModelStore.read(servers.nc, model)).position!.learned === 5,
    );
    await two.stop();
    expect(await learned()).toBe(5);
  });

  it("lets no owner write over what another has learned (I4)", async () => {
    await audit.outcome(await order("c"), "delivered", t);
    await audit.time(t + 2 * DAY_MS);
    const one = learner("one");
    await eventually("it to be learned", async () => (await learned()) === 1);
    await one.stop();
    const [a, b] = [await ModelStore.read(servers.nc, model), await ModelStore.read(servers.nc, model)];
    const [arm] = a.arms;
    await a.putArm({ ...arm!, learned: 2 });
    await expect(b.putArm({ ...arm!, learned: 99 })).rejects.toThrow(ModelConflict);
    expect(await learned()).toBe(2);
  });

  it("learns each order once also while two owners think that it is their turn (I4)", async () => {
    const held = jest.spyOn(Lease.prototype, "held", "get").mockReturnValue(true);
    const conflicts: string[] = [];
    const log = { ...silent, info: (_: object, message: string) => conflicts.push(message) };
    const [one, zombie] = [learner("one", model, log), learner("zombie", model, log)];
    try {
      for (let i = 0; i < 60; i++) {
        const at = t + i * 2 * HOUR_MS;
        await audit.outcome(await order(`c${i}`, { at }), i % 3 ? "delivered" : "converted", at);
      }
      await audit.time(t + 20 * DAY_MS);
      await eventually("all to be learned", async () => (await learned()) >= 60, 30_000);
    } finally {
      await Promise.all([one.stop(), zombie.stop()]);
      held.mockRestore();
    }
    expect(conflicts.length).toBeGreaterThan(0);
    const store = await ModelStore.read(servers.nc, model);
    expect(store.arms).toMatchObject([{ learned: 60, successes: 20 }]);
    expect(await replayModel(servers.nc, model, store, expressions)).toMatchObject([{ same: true }]);
  }, 60_000);

  it("reports drift that the base rate does not explain", async () => {
    const warnings: object[] = [];
    /** Of two segments one responds to seven of ten offers, the other to two. */
    const respond = async (from: number, count: number, responding: string): Promise<void> => {
      for (let i = from; i < from + count; i += 50)
        await Promise.all(
          Array.from({ length: 50 }, async (_, k) => {
            const [at, segment] = [t + (i + k) * 60_000, k % 2 ? "gold" : "blue"];
            const command = await order(`d${i + k}`, { at, segment });
            const likes = Math.floor((i + k) / 2) % 10 < (segment === responding ? 7 : 2);
            await audit.outcome(command, likes ? "converted" : "delivered", at);
          }),
        );
    };
    await respond(0, 800, "gold");
    await respond(800, 400, "blue");
    await audit.time(t + 10 * DAY_MS);
    const log = { ...silent, warn: (fields: object) => warnings.push(fields) };
    const one = learner("one", model, log);
    await eventually("all to be learned", async () => (await learned()) === 1_200, 30_000);
    await one.stop();
    expect(warnings.length).toBeGreaterThan(0);
    expect(warnings[0]).toMatchObject({
      event: "model.drift",
      model: model.id,
      action: "a",
      feature: "segment",
    });
    const [arm] = (await ModelStore.read(servers.nc, model)).arms;
    expect(arm!.state.drift.found.length).toBe(warnings.length);
  }, 60_000);

  it("is followed by those who decide, from the first reading on", async () => {
    await audit.outcome(await order("c1"), "delivered", t);
    await audit.time(t + 2 * DAY_MS);
    const one = learner("one");
    await eventually("it to be learned", async () => (await learned()) === 1);
    const failures: Error[] = [];
    const followed = await followModels(servers.nc, [model], (e) => failures.push(e));
    const seen = (): number => followed.live.get(model.id)!.arm("a", "push")?.learned ?? 0;
    expect(seen()).toBe(1);
    await audit.outcome(await order("c2", { at: t + 3 * DAY_MS }), "delivered", t + 3 * DAY_MS);
    await audit.time(t + 5 * DAY_MS);
    await eventually("the second to be seen", () => seen() === 2);
    expect(failures).toEqual([]);
    followed.stop();
    await one.stop();
  });
});
