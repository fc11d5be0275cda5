/** The kill switch on real NATS and Redis (I7). */
import { jetstreamManager } from "@nats-io/jetstream";
import { wallClock } from "#clock";
import { definitionKeys, DEFINITIONS_STREAM, subjects, type GateReply } from "#contracts";
import { connectNats, Publisher } from "#messaging";
import { DefinitionsBucket, JourneyRegistry } from "#registry";
import { eventually, TcpProxy } from "#testing";
import { ControlTail } from "./control-tail.consumer.js";
import { startFixture, type PolicyFixture } from "./testing/policy-fixture.js";

const BY = { by: "olga", why: "test" };
const log = { warn: () => undefined };

describe("the kill switch", () => {
  let f: PolicyFixture;
  let registry: JourneyRegistry;
  beforeAll(async () => {
    f = await startFixture();
    registry = new JourneyRegistry({
      bucket: new DefinitionsBucket(f.servers.nc),
      clock: wallClock,
      check: () => [],
    });
  });
  afterAll(() => f.stop());

  const gate = (id: string, more: object = {}): Promise<GateReply> =>
    f.gate({ customerId: id, decisionId: `${id}.0.0`, journey: "j", ...more });
  /** `undefined` for no answer: the channel asks again later. */
  const asked = (id: string, more?: object): Promise<GateReply | undefined> =>
    gate(id, more).catch(() => undefined);
  async function reserved(id: string): Promise<void> {
    const profile = await f.register(id);
    const reply = await f.evaluate({ customerId: id, decisionId: `${id}.0.0`, profile, journey: "j" });
    expect(reply.reservationId).toBe(`${id}.0.0`);
  }
  const stopped = { answer: "stop", reason: "stopped" };

  it.each([
    ["everything", { kind: "all" }],
    ["the channel", { kind: "channel", channel: "push" }],
    ["the journey", { kind: "journey", journey: "j" }],
  ] as const)(
    "stops sends of %s within a second, and lets them go again when released (I7)",
    async (_, target) => {
      const id = `k-${target.kind}`;
      await reserved(id);
      await registry.stopSends(target, BY);
      const since = performance.now();
      await eventually("the gate to stop", async () => {
        const at = performance.now();
        const reply = await asked(id, { delivery: `CMD:1:${at}` });
        if (!reply) return false;
        // A later delivery than the one that was let go is answered `claimed`: it may have been sent before the stop.
        if (reply.answer === "go") expect(at - since).toBeLessThan(1_000);
        return reply.answer !== "go";
      });
      const other = `${id}-after`;
      const profile = await f.register(other);
      const denied = await f.evaluate({
        customerId: other,
        decisionId: `${other}.0.0`,
        profile,
        journey: "j",
      });
      expect(denied.chosen?.channels ?? []).not.toContain("push");
      expect(denied.verdicts.find((v) => v.channel === "push")).toMatchObject({
        verdict: "denied",
        reason: "stopped",
      });
      await registry.releaseSends(target, BY);
      await eventually("sends to be permitted again", async () => {
        const reply = await f.reserve({
          customerId: other,
          decisionId: `${other}.1.0`,
          profile,
          journey: "j",
        });
        return reply.reservationId !== undefined && reply.chosen?.channels.includes("push");
      });
    },
  );

  it("stops what was reserved before the stop, leaves other journeys and channels alone (I7)", async () => {
    await reserved("k1");
    await registry.stopSends({ kind: "journey", journey: "j" }, BY);
    await registry.stopSends({ kind: "channel", channel: "sms" }, BY);
    await eventually("the stop to be heard", async () => (await asked("k1"))?.reason === "stopped");
    expect(await gate("k1")).toEqual(stopped);
    expect(await gate("k1", { journey: "other", channel: "sms" })).toEqual(stopped);
    expect(await gate("k1", { journey: "other", channel: "email" })).toMatchObject({ answer: "go" });
    await registry.releaseSends({ kind: "journey", journey: "j" }, BY);
    await registry.releaseSends({ kind: "channel", channel: "sms" }, BY);
  });

  it("lets no send go later than a second after a stop that its watcher did not hear (I7)", async () => {
    const ids = Array.from({ length: 60 }, (_, i) => `cut-${i}`);
    await Promise.all(ids.map(reserved));
    await eventually("the gate to hear the bucket", async () => (await asked(ids.pop()!))?.answer === "go");
    // The watcher's consumer is gone; the gate is asked all the same.
    const jsm = await jetstreamManager(f.servers.nc);
    for await (const { name } of jsm.consumers.list(DEFINITIONS_STREAM))
      await jsm.consumers.delete(DEFINITIONS_STREAM, name);
    await registry.stopSends({ kind: "all" }, BY);
    const since = performance.now();
    const late: number[] = [];
    let answered = 0;
    await eventually("the gate to stop", async () => {
      const id = ids.pop();
      if (id === undefined) throw new Error("the gate let everything go");
      const reply = await asked(id);
      const after = performance.now() - since;
      if (reply?.answer === "go" && after > 1_000) late.push(after);
      if (reply) answered++;
      await new Promise((resolve) => setTimeout(resolve, 40));
      return reply?.reason === "stopped";
    });
    expect(late).toEqual([]);
    expect(answered).toBeGreaterThan(0);
    await registry.releaseSends({ kind: "all" }, BY);
  }, 30_000);

  it("is not fresh while its connection is cut, and knows the stop as soon as it is back (I7)", async () => {
    const proxy = await TcpProxy.start(f.servers.nats.port);
    const nc = await connectNats({ url: proxy.url, name: "cut" });
    const tail = new ControlTail({ nc, log });
    tail.start();
    await eventually("the tail to be fresh", () => tail.fresh && !tail.now.all);
    proxy.isolate();
    await registry.stopSends({ kind: "all" }, BY);
    const since = performance.now();
    await eventually("the loss to be noticed", () => !tail.fresh);
    expect(performance.now() - since).toBeLessThan(1_000);
    proxy.heal();
    await eventually("the stop to be known", () => tail.fresh && tail.now.all);
    await registry.releaseSends({ kind: "all" }, BY);
    await eventually("the release to be known", () => !tail.now.all);
    // And it stays fresh when nothing changes.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(tail.fresh).toBe(true);
    await tail.stop();
    await nc.close();
    proxy.close();
  }, 30_000);

  it("sends nothing on what cannot be read", async () => {
    const key = subjects.definition(definitionKeys.controls);
    const bucket = new DefinitionsBucket(f.servers.nc);
    const before = (await bucket.get(definitionKeys.controls))!.text;
    await new Publisher(f.servers.nc).publish(key, "{}", { msgId: "unreadable" });
    await reserved("k2").catch(() => undefined);
    await eventually("the gate to stop", async () => (await asked("k2"))?.answer === "stop");
    await bucket.replace(definitionKeys.controls, before);
  });
});
