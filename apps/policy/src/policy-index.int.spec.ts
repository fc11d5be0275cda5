import fc from "fast-check";
import { Redis } from "ioredis";
import { jetstreamManager } from "@nats-io/jetstream";
import { wallClock } from "#clock";
import {
  CHANNELS,
  PURPOSES,
  contactEntryV1,
  isContact,
  subjects,
  type Channel,
  type EvaluateRequest,
} from "#contracts";
import { capReached, emptyProfile, type Cap, type CountedContact } from "#domain";
import { Publisher } from "#messaging";
import { startServers, eventually, type TestServers } from "#testing";
import { ContactLedger } from "./contact-ledger.publisher.js";
import { Evaluator } from "./evaluator.js";
import { IndexRebuild } from "./index-rebuild.js";
import { loadPolicyPacks } from "#definitions";
import { channelsOf } from "./contact-record.js";
import { PolicyIndex, type Candidate } from "./policy-index.store.js";
import { RedisConnection } from "./redis-connection.js";
import { readAll } from "./stored-events.reader.js";
import { NOON, consenting } from "./testing/policy-fixture.js";

const cap = (c: Partial<Cap>): Cap => ({ rule: "r", reason: "cap_reached", count: 1, periodMs: 1_000, ...c });
const candidate = (c: Partial<Candidate> = {}): Candidate => ({
  action: "a",
  purpose: "marketing",
  channels: ["push"],
  caps: [cap({ purpose: "marketing" })],
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
    rebuild = new IndexRebuild(index, direct, () => new Map(), wallClock);
    redis = new Redis(servers.redis.url);
    await eventually("Redis", () => index.ready);
  });
  afterAll(async () => {
    await connection.close();
    redis.disconnect();
    await servers.stop();
  });

  const reserve = (customerId: string, n: number, at = 0, candidates = [candidate()]) =>
    index.reserve({
      decisionId: `${customerId}.${n}.0`,
      customerId,
      at,
      candidates,
      profile: emptyProfile,
      judgedSeq: 0,
    });
  const ready = (customer: string) => rebuild.customer(customer, { at: 0 });

  it("counts as the domain does: no script differs from the model (I6)", async () => {
    const anyCap = fc
      .record({ count: fc.integer({ min: 1, max: 3 }), periodMs: fc.integer({ min: 1, max: 50 }) })
      .chain((c) =>
        fc
          .record({ channel: fc.constantFrom(...CHANNELS) }, { requiredKeys: [] })
          .map((x) => cap({ ...c, ...x })),
      );
    const request = fc.record({
      at: fc.nat(80),
      purpose: fc.constantFrom(...PURPOSES),
      channels: fc.uniqueArray(fc.constantFrom(...CHANNELS), { minLength: 1, maxLength: 3 }),
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
          for (const [n, { at, purpose, channels }] of requests.entries()) {
            const apply = caps.map((c) => ({ ...c, purpose }));
            const open = channels.filter((channel) => !capReached(apply, taken, { channel, at }));
            const got = await reserve(customer, n, at, [candidate({ purpose, channels, caps: apply })]);
            expect(got.kind === "reserved" ? channelsOf(got.record.ch) : []).toEqual(open);
            const first: Channel | undefined = open[0];
            if (first && open.some(isContact)) taken.push({ at, purpose, channels: [first] });
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("answers unknown, and reserves nothing, until the customer is rebuilt", async () => {
    expect((await reserve("u1", 0)).kind).toBe("unknown");
    await ready("u1");
    expect((await reserve("u1", 0)).kind).toBe("reserved");
  });

  it("hands back a newer profile instead of judging by an older one, and takes over a newer one", async () => {
    await ready("u2");
    await index.fold("u2", (now) => ({
      ...now,
      profile: { ...now.profile, seq: 9, holds: [{ kind: "fraud", since: 1 }] },
    }));
    expect(await reserve("u2", 0)).toMatchObject({
      kind: "newer-profile",
      profile: { seq: 9, holds: [{ kind: "fraud" }] },
    });
    const profile = { ...emptyProfile, seq: 12, timezone: "Europe/Prague" };
    const request = { decisionId: "u2.1.0", customerId: "u2", at: 0, candidates: [candidate()], profile };
    expect((await index.reserve({ ...request, judgedSeq: 12 })).kind).toBe("reserved");
    expect(await index.profile("u2")).toEqual({ kind: "known", profile });
  });

  it.each([
    ["an event passes the tail", (c: string) => index.fold(c, () => undefined)],
    ["an outcome passes the tail", (c: string) => index.settle(c, "x", "x")],
    ["Redis is emptied", () => redis.flushall()],
  ])("refuses what a rebuild has read when %s in the meantime (I7)", async (what, meanwhile) => {
    const customer = `token-${what.length}`;
    const rebuilt = { profile: emptyProfile, seen: "", contacts: new Map() };
    const token = (await index.begin(customer, new Map()))!;
    await meanwhile(customer);
    expect(await index.install(customer, token, rebuilt)).toBe(false);
    const next = (await index.begin(customer, new Map()))!;
    expect(next).not.toBe(token);
    expect(await index.install(customer, next, rebuilt)).toBe(true);
    expect(await index.begin(customer, new Map())).toBeUndefined();
  });

  it("makes every entry unknown in another epoch: a Redis that was restarted may be older", async () => {
    await ready("e1");
    const other = new RedisConnection({ url: servers.redis.url, origin: "another-EVT" });
    await eventually("Redis", () => other.ready);
    expect(await new PolicyIndex(other).profile("e1")).toEqual({ kind: "unknown" });
    await other.close();
  });

  it("stops counting a reservation that never reached the ledger, and counts it again when it does", async () => {
    await ready("p1");
    await reserve("p1", 0);
    expect((await reserve("p1", 1)).kind).toBe("none");
    const record = JSON.parse((await redis.hget("policy:{p1}:contacts", "p1.0.0"))!) as { w: number };
    record.w -= 60_000;
    await redis.hset("policy:{p1}:contacts", "p1.0.0", JSON.stringify(record));
    const second = await reserve("p1", 1);
    if (second.kind !== "reserved") throw new Error(second.kind);
    expect(await index.confirm("p1", "p1.1.0", second.record, candidate().caps)).toBe("ok");
    expect(await index.confirm("p1", "p1.0.0", second.record, candidate().caps)).toBe("full");
  });

  it("withdraws a contact when the index was emptied and filled by others before the ledger had it (I6)", async () => {
    const publisher = new ContactLedger(new Publisher(servers.nc));
    const packs = loadPolicyPacks(".");
    const log = { warn: () => undefined };
    const ask = (n: number, c = "race"): EvaluateRequest => ({
      decisionId: `${c}.${n}.0`,
      customerId: c,
      at: NOON,
      options: [{ action: "offer", purpose: "marketing", channels: ["push"], urgent: false }],
      profile: consenting(),
    });
    const call = { withinMs: 5_000, headers: {} };
    const others = new Evaluator({ packs, index, rebuild, ledger: publisher, log });
    let raced = false;
    const slow = new Evaluator({
      packs,
      index,
      rebuild,
      log,
      ledger: {
        write: async (entry, withinMs, headers) => {
          if (!raced) {
            raced = true;
            await redis.flushall();
            for (const n of [1, 2, 3]) expect((await others.evaluate(ask(n), call)).chosen).toBeDefined();
          }
          await publisher.write(entry, withinMs, headers);
        },
      },
    });
    const reply = await slow.evaluate(ask(0), call);
    expect(reply).toMatchObject({ verdicts: [{ verdict: "denied", reason: "cap_reached" }] });
    expect(reply.chosen).toBeUndefined();
    await redis.flushall();
    expect((await others.evaluate(ask(0), call)).chosen).toBeUndefined();
    expect((await others.evaluate(ask(3), call)).chosen).toBeDefined();
    const { direct } = await jetstreamManager(servers.nc);
    const entries = (await readAll(direct, "AUDIT", subjects.audit("race", "contact"))).map((m) =>
      contactEntryV1.parse(m.json()),
    );
    expect(entries.filter((e) => e.withdrawn).map((e) => e.reservationId)).toEqual(["race.0.0"]);
  });
});
