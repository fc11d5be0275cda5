/** Quotas and budgets on a real nats-server: many at once, several instances, crashes, and what is given back. */
import { jetstreamManager } from "@nats-io/jetstream";
import { limitEntryV1, LIMITS_STREAM, subjects, type Limits } from "#contracts";
import { connectNats, Publisher, storedMessages } from "#messaging";
import { startServers, type TestServers } from "#testing";
import { LimitLogs, LimitsUnavailable } from "./limit-log.store.js";

describe("the logs of limits, on real NATS", () => {
  let servers: TestServers;
  const closing: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(async () => {
    for (const close of closing) await close();
    await servers.stop();
  });

  /** As one more process has it. */
  async function instance(): Promise<{ logs: LimitLogs; crash: () => Promise<void> }> {
    const nc = await connectNats({ url: servers.nats.url, name: "limits" });
    const { direct } = await jetstreamManager(nc);
    const crash = (): Promise<void> => nc.close();
    closing.push(crash);
    return { logs: new LimitLogs({ direct, publisher: new Publisher(nc) }), crash };
  }

  /** How many the log says were taken and not given back. */
  async function held(action: string): Promise<number> {
    const { direct } = await jetstreamManager(servers.nc);
    const ids = new Set<string>();
    for await (const m of storedMessages(direct, LIMITS_STREAM, subjects.limit(action))) {
      const { taken, givenBack } = limitEntryV1.parse(m.json());
      for (const { id } of taken) ids.add(id);
      for (const id of givenBack) ids.delete(id);
    }
    return ids.size;
  }
  const unavailable = (error: unknown): undefined => {
    expect(error).toBeInstanceOf(LimitsUnavailable);
  };
  const ids = (n: number, prefix: string): string[] => Array.from({ length: n }, (_, i) => `${prefix}.${i}`);

  it("lets exactly the quota through, of many who ask several instances at once", async () => {
    const instances = await Promise.all([instance(), instance(), instance()]);
    const limits: Limits = { quota: { count: 100 }, cost: 0 };
    const answers = await Promise.all(
      ids(400, "c").map((id, i) => instances[i % 3]!.logs.take("race", limits, id, 1_000)),
    );
    expect(answers.filter((a) => a === "taken")).toHaveLength(100);
    expect(new Set(answers)).toEqual(new Set(["taken", "quota_reached"]));
    expect(await held("race")).toBe(100);
    // Asked again, after an answer that was lost: the same answer, of any instance.
    const again = await Promise.all(
      ids(400, "c").map((id, i) => instances[(i + 1) % 3]!.logs.take("race", limits, id, 1_000)),
    );
    expect(again).toEqual(answers);
    expect(await held("race")).toBe(100);
  });

  it("never goes above the budget, whichever instance dies in the middle", async () => {
    const limits: Limits = { budget: { amount: 50 }, cost: 1 };
    const told = new Set<string>();
    for (let round = 0; round < 4; round++) {
      const [a, b] = await Promise.all([instance(), instance()]);
      const asked = ids(40, `r${round}`).map(async (id, i) => {
        const answer = await (i % 2 ? a : b).logs.take("crash", limits, id, 1_000).catch(unavailable);
        if (answer === "taken") told.add(id);
      });
      await new Promise((resolve) => setImmediate(resolve));
      await b.crash();
      // Nobody hears what the dead one still has to say.
      await Promise.all(asked.filter((_, i) => i % 2));
    }
    expect(told.size).toBeLessThanOrEqual(50);
    expect(await held("crash")).toBeLessThanOrEqual(50);
    expect(await held("crash")).toBeGreaterThanOrEqual(told.size);
  });

  it("gives back once, whoever says so how often, and notices what others gave back", async () => {
    const [a, b] = await Promise.all([instance(), instance()]);
    const limits: Limits = { quota: { count: 1 }, cost: 0 };
    expect(await a.logs.take("back", limits, "c.1", 0)).toBe("taken");
    expect(await b.logs.reached("back", limits, "c.2", 0)).toBe("quota_reached");
    expect(await b.logs.reached("back", limits, "c.1", 0)).toBeUndefined();
    await Promise.all([
      a.logs.giveBack("back", "c.1"),
      b.logs.giveBack("back", "c.1"),
      b.logs.giveBack("back", "other"),
    ]);
    expect(await held("back")).toBe(0);
    expect(await b.logs.take("back", limits, "c.2", 0)).toBe("taken");
    expect(await a.logs.take("back", limits, "c.3", 0)).toBe("quota_reached");
    await a.logs.giveBack("never-limited", "c.1");
    expect(await held("never-limited")).toBe(0);
  });

  it("reads a long log in a moment", async () => {
    const { logs } = await instance();
    const limits: Limits = { quota: { count: 20_000 }, cost: 0 };
    await Promise.all(ids(20_000, "l").map((id) => logs.take("long", limits, id, 0)));
    const fresh = (await instance()).logs;
    const start = performance.now();
    expect(await fresh.reached("long", limits, "other", 0)).toBe("quota_reached");
    // 0.7 s were measured on two cores busy with other work.
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});
