/** The service judges by the packs that ship as its model in the domain does, on real NATS and Redis. */
import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { CHANNELS, PURPOSES, evaluateRequestV1, type EvaluateRequest, type Profile } from "#contracts";
import { loadPolicyPacks } from "#definitions";
import { evaluate, packsFor } from "#domain";
import { startFixture, type PolicyFixture } from "./testing/policy-fixture.js";

const HOUR = 3_600_000;
const MONDAY = Date.parse("2026-11-23T00:00:00Z");
const PLACES: readonly Partial<Profile>[] = [
  { country: "US", region: "US-FL", timezone: "America/New_York" },
  { country: "US" },
  { country: "FR" },
  { timezone: "Australia/Sydney" },
  { country: "CZ", timezone: "Europe/Prague" },
  {},
];

describe("the packs that ship, in the service", () => {
  const packs = loadPolicyPacks(process.cwd());
  let f: PolicyFixture;
  beforeAll(async () => {
    const shipped = join(process.cwd(), "policies");
    // What was live once stays so: the first pack is one of those that ship.
    f = await startFixture(await readFile(join(shipped, "default.yaml"), "utf8"));
    const policies = join(f.servers.dir, "policies");
    await f.restart(async () => {
      await rm(policies, { recursive: true });
      await cp(shipped, policies, { recursive: true });
    });
  });
  afterAll(() => f.stop());

  const requests: EvaluateRequest[] = PLACES.flatMap((place, p) =>
    PURPOSES.flatMap((purpose, k) =>
      Array.from({ length: 8 }, (_, i) =>
        evaluateRequestV1.parse({
          decisionId: `c-${p}-${k}-${i}.1.0`,
          customerId: `c-${p}-${k}-${i}`,
          // From Monday's night to the next Sunday's, at all hours.
          at: MONDAY + i * 23 * HOUR + p * 17 * 60_000,
          options: [
            { action: "first", purpose, channels: CHANNELS.slice(0, 4), urgent: false },
            { action: "second", purpose, channels: CHANNELS.slice(4), urgent: i % 2 === 0 },
          ],
          profile: {
            seq: 0,
            ...place,
            consents: Object.fromEntries(CHANNELS.map((c) => [`marketing.${c}`, true])),
            holds: [],
          },
        }),
      ),
    ),
  );

  it("judge, defer and pace as the model says, and name the packs that apply", async () => {
    const seen = new Map<string, number>();
    for (const request of requests) {
      const { packs: names, ...reply } = await f.evaluate(request);
      const copies = [request.profile];
      expect(reply).toEqual(evaluate(request, { packs, copies, contacts: [] }));
      expect(names.map((n) => n.split("@")[0])).toEqual(
        packsFor(packs, "marketing", copies).map((p) => p.id),
      );
      for (const v of reply.verdicts) seen.set(v.reason, (seen.get(v.reason) ?? 0) + 1);
    }
    // Otherwise the test would say little.
    expect([...seen.keys()]).toEqual(
      expect.arrayContaining([
        "permitted",
        "quiet_hours",
        "outside_contact_times",
        "no_timezone",
        "outranked",
      ]),
    );
  });

  it("keep a deferred customer until a moment of their own, and let them go then", async () => {
    const ask = async (n: number, at: number): Promise<number | undefined> => {
      const reply = await f.evaluate({
        customerId: `late-${n}`,
        decisionId: `late-${n}.${at}.0`,
        at,
        options: [{ action: "dun", purpose: "collections", channels: ["sms"], urgent: false }],
        profile: { seq: 0, timezone: "Europe/Prague", consents: {}, holds: [] },
      });
      return reply.verdicts[0]?.until;
    };
    const opens = MONDAY + 7 * HOUR;
    const untils: number[] = [];
    for (let n = 0; n < 20; n++) untils.push((await ask(n, MONDAY + n * 60_000))!);
    expect(Math.min(...untils)).toBeGreaterThanOrEqual(opens);
    expect(Math.max(...untils)).toBeLessThan(opens + HOUR / 2);
    expect(new Set(untils).size).toBe(20);
    for (let n = 0; n < 20; n++) expect(await ask(n, untils[n]!)).toBeUndefined();
  });
});
