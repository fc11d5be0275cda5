import fc from "fast-check";
import { Redis } from "ioredis";
import { jetstreamManager } from "@nats-io/jetstream";
import { wallClock } from "#clock";
import { CHANNELS, PURPOSES, type Channel } from "#contracts";
import {
  LONGEST_MS,
  OWN_JOURNEY,
  capReached,
  emptyProfile,
  zoneOf,
  type Cap,
  type CountedContact,
  type NextContact,
} from "#domain";
import { startServers, eventually, type TestServers } from "#testing";
import { IndexRebuild } from "./index-rebuild.js";
import { PolicyIndex } from "./policy-index.store.js";
import { ProfileCache } from "./profile-cache.js";
import { RedisConnection } from "./redis-connection.js";
import { purposeCaps, type Candidate } from "./reserve-call.js";

const cap = (c: Partial<Cap>): Cap => ({ rule: "r", reason: "cap_reached", count: 1, periodMs: 1_000, ...c });
const NOON = Date.parse("2026-07-01T12:00:00Z");
const candidate = (c: Partial<Candidate> = {}): Candidate => ({
  action: "a",
  purpose: "marketing",
  urgent: false,
  channels: ["push"],
  ...c,
});

describe("the policy index and its scripts, on a real Redis", () => {
  let servers: TestServers;
  let connection: RedisConnection;
  let index: PolicyIndex;
  let rebuild: IndexRebuild;
  let redis: Redis;
  beforeAll(async () => {
    servers = await startServers();
    connection = new RedisConnection({ url: servers.redis.url, origin: "test" });
    index = new PolicyIndex(connection);
    const { direct } = await jetstreamManager(servers.nc);
    rebuild = new IndexRebuild({
      index,
      direct,
      positions: () => new Map([["EVT:profiles", 0]]),
      profiles: new ProfileCache(),
      clock: wallClock,
    });
    redis = new Redis(servers.redis.url);
    await eventually("Redis", () => index.ready);
  });
  afterAll(async () => {
    await connection.close();
    redis.disconnect();
    await servers.stop();
  });

  const reserve = (
    customerId: string,
    n: number,
    at = 0,
    candidates = [candidate()],
    caps: readonly Cap[] = [cap({ purpose: "marketing" })],
    next: Partial<NextContact> = {},
  ) =>
    index.reserve({
      decisionId: `${customerId}.${n}.0`,
      customerId,
      at,
      candidates,
      caps: () => purposeCaps(caps),
      zones: [],
      lookBackMs: Math.max(0, ...caps.map((c) => c.periodMs)),
      profile: emptyProfile,
      sendProfile: true,
      judgedSeq: 0,
      ...next,
    });
  const reservedNow = async (...args: Parameters<typeof reserve>) => {
    const got = await reserve(...args);
    return got.kind === "counted" ? (got.reserved?.channels ?? []) : got.kind;
  };
  const ready = (customer: string) => rebuild.customer(customer, 0);

  it("counts as the domain does: no script differs from the model, and a reservation is idempotent (I6)", async () => {
    const hour = 3_600_000;
    const rolling = fc.integer({ min: 1, max: 50 }).map((hours) => ({ periodMs: hours * hour }));
    const ofCalendar = fc
      .constantFrom("day" as const, "week" as const, "month" as const)
      .map((calendar) => ({ calendar, periodMs: LONGEST_MS[calendar] }));
    const extra = fc.record(
      {
        channels: fc.uniqueArray(fc.constantFrom(...CHANNELS), { minLength: 1, maxLength: 3 }),
        journey: fc.constantFrom("a", OWN_JOURNEY),
        per: fc.constantFrom("debt" as const, "event" as const),
        everyPurpose: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    const anyCap = fc
      .tuple(fc.integer({ min: 1, max: 3 }), fc.oneof(rolling, ofCalendar), extra)
      .map(([count, window, { everyPurpose, ...x }]) => ({
        everyPurpose,
        ...cap({ count, ...window, ...x }),
      }));
    const about = fc.record(
      { debt: fc.constantFrom("d;1", "d2"), event: fc.constantFrom("s:e,1", "s:e2") },
      { requiredKeys: [] },
    );
    const request = fc.record({
      at: fc.nat(80).map((h) => NOON + h * hour),
      purpose: fc.constantFrom(...PURPOSES),
      channels: fc.uniqueArray(fc.constantFrom(...CHANNELS), { minLength: 1, maxLength: 3 }),
      journey: fc.constantFrom(undefined, "a", "b"),
      about: fc.option(about, { nil: undefined }),
      zones: fc.constantFrom(
        [],
        [zoneOf("Europe/Prague")!],
        [zoneOf("Asia/Tokyo")!, zoneOf("America/Lima")!],
      ),
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyCap, { maxLength: 3 }),
        fc.array(request, { maxLength: 12 }),
        async (caps, requests) => {
          const customer = `model-${++run}`;
          await ready(customer);
          const taken: CountedContact[] = [];
          for (const [n, { at, purpose, channels, ...next }] of requests.entries()) {
            const apply = caps.map(({ everyPurpose, ...c }) => (everyPurpose ? c : { ...c, purpose }));
            const open = channels.filter((channel) => !capReached(apply, taken, { channel, at, ...next }));
            expect(
              await reservedNow(customer, n, at, [candidate({ purpose, channels })], apply, next),
            ).toEqual(open);
            // Asked again, as after an answer that was lost: the reservation stands, and counts once.
            if (open.length > 0)
              expect(
                await reservedNow(customer, n, at, [candidate({ purpose, channels })], apply, next),
              ).toEqual(open);
            const first: Channel | undefined = open[0];
            if (first) taken.push({ at, purpose, channels: [first], ...next });
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it("answers unknown, and reserves nothing, until the customer is rebuilt", async () => {
    expect(await reservedNow("u1", 0)).toBe("unknown");
    await ready("u1");
    expect(await reservedNow("u1", 0)).toEqual(["push"]);
  });

  it("hands back a newer profile instead of judging by an older one, and takes over a newer one", async () => {
    await ready("u2");
    await index.fold("u2", { stream: "EVT", seq: 9 }, (now) => ({
      ...now,
      profile: { ...now.profile, seq: 9, holds: [{ kind: "fraud", since: 1 }] },
    }));
    expect(await reserve("u2", 0)).toMatchObject({
      kind: "newer-profile",
      profile: { seq: 9, holds: [{ kind: "fraud" }] },
    });
    const profile = { ...emptyProfile, seq: 12, timezone: "Europe/Prague" };
    const request = {
      decisionId: "u2.1.0",
      customerId: "u2",
      at: 0,
      candidates: [candidate()],
      profile,
      zones: [],
      lookBackMs: 0,
    };
    const caps = () => purposeCaps([]);
    expect(await index.reserve({ ...request, caps, sendProfile: false, judgedSeq: 12 })).toEqual({
      kind: "send-profile",
    });
    const got = await index.reserve({ ...request, caps, sendProfile: true, judgedSeq: 12 });
    expect(got).toMatchObject({ kind: "counted", reserved: { action: "a" }, written: expect.any(String) });
    expect(JSON.parse((await redis.hget("policy:{u2}:index", "profile"))!)).toEqual(profile);
  });

  it.each([
    ["an event passes the tail", (c: string) => index.fold(c, { stream: "EVT", seq: 1 }, () => undefined)],
    ["an outcome passes the tail", (c: string) => index.release(c, "x")],
    ["Redis is emptied", () => redis.flushall()],
  ])("refuses what a rebuild has read when %s in the meantime (I7)", async (what, meanwhile) => {
    const customer = `token-${what.length}`;
    const rebuilt = { profile: emptyProfile, seen: "", contacts: new Map() };
    const token = (await index.begin(customer, new Map([["t", 0]])))!;
    await meanwhile(customer);
    expect(await index.install(customer, token, rebuilt)).toMatchObject({ again: true });
    const next = (await index.begin(customer, new Map([["t", 0]])))!;
    expect(next).not.toBe(token);
    expect(await index.install(customer, next, rebuilt)).toMatchObject({ again: false });
    expect(await index.begin(customer, new Map([["t", 0]]))).toBeUndefined();
  });

  it("takes a new customer over only if no tail has passed an event beyond what was looked through (I7)", async () => {
    const generation = await index.generation(new Map([["t", 0]]));
    const passes = (customer: string, seq: number) =>
      index.fold(customer, { stream: "EVT-7", seq }, () => undefined);
    const takeOver = async (customerId: string, admitted: object = {}): Promise<string> => {
      const newCustomer = { generation, stream: "EVT-7", lookedThrough: 50, ...admitted };
      const got = await index.reserve({
        decisionId: `${customerId}.0.0`,
        customerId,
        at: 0,
        candidates: [candidate()],
        caps: () => purposeCaps([]),
        zones: [],
        lookBackMs: 0,
        profile: emptyProfile,
        sendProfile: false,
        newCustomer,
        judgedSeq: 0,
      });
      return got.kind;
    };
    await passes("n1", 50);
    expect(await takeOver("n1", { lookedThrough: 49 })).toBe("unknown");
    expect(await takeOver("n1", { generation: "another" })).toBe("unknown");
    expect(await takeOver("n1")).toBe("counted");
    await passes("n1", 51);
    expect(await reservedNow("n1", 1)).toBe("unknown");
    // It has a contact now, whatever the request says.
    expect(await takeOver("n1", { lookedThrough: 60 })).toBe("unknown");
    expect(await takeOver("n2")).toBe("unknown");
  });

  it("trusts no Redis that may evict contacts (I6)", async () => {
    await redis.config("SET", "maxmemory", "100mb", "maxmemory-policy", "allkeys-lru");
    const errors: string[] = [];
    const onError = (error: Error): void => void errors.push(error.message);
    const other = new RedisConnection({ url: servers.redis.url, origin: "test", onError });
    try {
      await eventually("the refusal", () => errors.find((e) => e.includes("set it to noeviction")));
      expect(other.ready).toBe(false);
    } finally {
      await redis.config("SET", "maxmemory", "0", "maxmemory-policy", "noeviction");
      await other.close();
    }
  });

  it("makes every entry unknown in another epoch: a Redis that was restarted may be older", async () => {
    await ready("e1");
    const other = new RedisConnection({ url: servers.redis.url, origin: "another-EVT" });
    await eventually("Redis", () => other.ready);
    const token = await new PolicyIndex(other).begin("e1", new Map([["t", 0]]));
    expect(token).toContain("another-EVT");
    await other.close();
  });
});
