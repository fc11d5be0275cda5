/** A policy pack is published while the service runs: verdicts and the gate go by it from then on, without a restart. */
import { wallClock } from "#clock";
import { policyPackV1 } from "#contracts";
import { DefinitionsBucket, POLICY_PACKS, readInForce, ReleaseLog, type ReleaseResult } from "#registry";
import { eventually } from "#testing";
import { startFixture, type PolicyFixture } from "./testing/policy-fixture.js";

describe("publishing a policy pack, on real NATS and Redis", () => {
  let f: PolicyFixture;
  beforeAll(async () => {
    f = await startFixture();
    await f.start();
  });
  afterAll(() => f.stop());

  it("counts from the next verdict and the next gate on, in every instance, and until it is rolled back", async () => {
    const bucket = new DefinitionsBucket(f.servers.nc);
    const log = new ReleaseLog(POLICY_PACKS, { bucket, clock: wallClock, check: () => [] });
    const changed = (result: ReleaseResult): void => expect(result.kind).toBe("changed");
    const [shipped] = (await readInForce(bucket, POLICY_PACKS))[0]!.definitions;
    const stricter = policyPackV1.parse({
      ...shipped!,
      version: 3,
      rules: shipped!.rules.map((r) =>
        r.purpose === "marketing" ? { ...r, quietHours: { from: "00:01", to: "00:00" } } : r,
      ),
    });

    const profile = await f.register("before");
    const before = await f.evaluate({ customerId: "before", decisionId: "before.0.0", profile });
    expect(before).toMatchObject({
      chosen: { action: "offer" },
      packs: [expect.stringMatching(/^house@2:/)],
    });
    changed(await log.propose(stricter, { by: "anna", why: "test" }));
    changed(await log.publish("house", { by: "petr", why: "test", version: 3 }));

    let n = 0;
    const ask = async (): Promise<string> => {
      const customerId = `c${n++}`;
      const reply = await f.reserve({ customerId, decisionId: `${customerId}.0.0` });
      const { verdict, reason } = reply.verdicts[0]!;
      return `${reply.packs[0]!.split(":")[0]} ${verdict} ${reason}`;
    };
    const inARow = async (expected: string): Promise<boolean> => {
      for (let i = 0; i < 8; i++) if ((await ask()) !== expected) return false;
      return true;
    };
    await eventually("verdicts of version 3 alone", () => inARow("house@3 deferred quiet_hours"));
    // What was reserved under version 2 is not sent any more.
    expect(await f.gate({ customerId: "before", decisionId: "before.0.0" })).toEqual({
      answer: "stop",
      reason: "quiet_hours",
    });
    changed(await log.rollback("house", { by: "petr", why: "test" }));
    await eventually("verdicts of version 2 again", () => inARow("house@2 permitted permitted"));
    expect((await f.gate({ customerId: "before", decisionId: "before.0.0" })).answer).toBe("go");
  });
});
