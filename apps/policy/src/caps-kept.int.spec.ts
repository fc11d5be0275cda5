/**
 * The caps hold whatever goes wrong (I6): two policy services as processes, which are killed with SIGKILL and paused, and a
 * Redis that is killed and emptied, while customers' contacts are reserved, committed, lost before their commit, asked for at
 * the gate, asked again and delivered again. What was let go is counted here, apart from everything that policy keeps.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import {
  commandId,
  evaluateRunReplyV1,
  gateReplyV1,
  isContact,
  outcomeEventId,
  rpc,
  subjects,
  type Channel,
  type EvaluateRequest,
  type GateReply,
  type Purpose,
} from "#contracts";
import { calendarWindow, packCaps, zoneOf, type Cap } from "#domain";
import { loadPolicyPacks } from "#definitions";
import { startRedisServer } from "#embedded";
import { Publisher, RpcClient } from "#messaging";
import {
  pause,
  resume,
  seededRandom,
  startServers,
  startService,
  type RunningService,
  type TestServers,
} from "#testing";
import { commandEntries } from "./testing/policy-fixture.js";

const PACK = `
kind: PolicyPack
id: law
version: 1
description: for tests
source: test
rules:
  - purpose: marketing
    consent: not-refused
    caps:
      - { count: 3, period: 7d }
      - { count: 2, calendar: day }
      - { count: 6, calendar: month, scope: all }
  - purpose: collections
    consent: not-refused
    caps:
      - { count: 2, period: 3d, per: debt }
      - { count: 3, calendar: week, channels: [sms, ivr] }
      - { count: 6, calendar: month, scope: all }
  - { purpose: service, consent: not-refused }
`;
const HOUR = 3_600_000;
const START = Date.parse("2026-03-20T09:00:00Z");
const PRAGUE = [zoneOf("Europe/Prague")!];
const CUSTOMERS = 10;
const DECISIONS = 20;
const seed = Number(process.env["SEGUE_TEST_SEED"] ?? Date.now() % 1_000_000);

interface Sent {
  readonly decisionId: string;
  readonly at: number;
  readonly purpose: Purpose;
  readonly debt: string | undefined;
  readonly channel: Channel;
}

describe("caps while policy and Redis are killed", () => {
  let servers: TestServers;
  let publisher: Publisher;
  let client: RpcClient;
  let stopRedis: () => Promise<void>;
  let killRedis: () => Promise<void>;
  let policies: RunningService[];
  let dir: string;
  const startPolicy = (): Promise<RunningService> =>
    startService("policy", {
      natsUrl: servers.nats.url,
      redisUrl: servers.redis.url,
      env: { SEGUE_DEFINITIONS_DIR: dir, LOG_LEVEL: "fatal" },
    });

  beforeAll(async () => {
    servers = await startServers();
    dir = join(servers.dir, "definitions");
    mkdirSync(join(dir, "policies"), { recursive: true });
    writeFileSync(join(dir, "policies", "law.yaml"), PACK);
    publisher = new Publisher(servers.nc);
    client = new RpcClient(servers.nc);
    killRedis = () => servers.redis.child.kill();
    stopRedis = () => Promise.resolve();
    policies = await Promise.all([startPolicy(), startPolicy()]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(policies.map((p) => p.child.kill()));
    await stopRedis();
    await servers.stop();
  });

  const event = async (
    customer: string,
    type: string,
    data: object,
    id: string,
    at: number,
  ): Promise<void> => {
    const source = type.startsWith("outcome.") ? "segue" : "dialer";
    const time = new Date(at).toISOString();
    const body = { specversion: "1.0", id, source, type, subject: customer, time, data };
    const subject =
      source === "segue" ? subjects.evt(customer, source, type) : subjects.bank(source, customer, type);
    await publisher.publish(subject, JSON.stringify(body), { msgId: `${source}:${id}` });
  };

  /** One misfortune, and back to normal. */
  async function misfortune(random: () => number): Promise<string> {
    const i = random() < 0.5 ? 0 : 1;
    const one = random();
    if (one < 0.4) {
      await pause(policies[i]!.child);
      await new Promise((resolve) => setTimeout(resolve, 200 + random() * 1_500));
      resume(policies[i]!.child);
      return "pause";
    }
    if (one < 0.7) {
      await policies[i]!.child.kill();
      policies[i] = await startPolicy();
      return "policy killed";
    }
    await killRedis();
    // With what its file has of the last second, or with nothing.
    const dataDir = random() < 0.5 ? join(servers.dir, "redis") : join(servers.dir, `redis-${random()}`);
    const next = await startRedisServer({ root: process.cwd(), dataDir, port: servers.redis.port });
    killRedis = () => next.child.kill();
    stopRedis = () => next.child.stop();
    return "redis killed";
  }

  async function live(customerId: string, random: () => number): Promise<Sent[]> {
    const sent: Sent[] = [];
    let at = START + Math.floor(random() * 48) * HOUR;
    /** In which something may happen. */
    const moment = () => new Promise((resolve) => setTimeout(resolve, random() * 120));
    const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
    const registered = { timezone: "Europe/Prague" };
    await event(customerId, "customer.registered", registered, `${customerId}-r`, START);
    const report = { channel: "sms", purpose: "collections", kind: "attempt", about: { debt: "a" } } as const;
    await event(customerId, "contact.reported", report, `${customerId}-call`, at);
    sent.push({ decisionId: "reported", at, purpose: "collections", debt: "a", channel: "sms" });

    const ask = async (n: number, k: number): Promise<EvaluateRequest | undefined> => {
      const purpose = pick(["marketing", "marketing", "collections"] as const);
      const channels: Channel[] =
        purpose === "marketing" ? ["push", "email"] : [pick(["sms", "ivr"]), "push"];
      const request: EvaluateRequest = {
        decisionId: `${customerId}.${n}.${k}`,
        customerId,
        at,
        options: [{ action: "offer", purpose, channels, urgent: true }],
        journey: "j",
        profile: { seq: 0, timezone: "Europe/Prague", consents: {}, holds: [] },
        about: { debt: pick(["a", "b"]) },
      };
      await moment();
      const answer = await client
        .call(rpc.evaluate, { requests: [request] }, { timeoutMs: 2_500 })
        .catch(() => undefined);
      const reply = answer === undefined ? undefined : evaluateRunReplyV1.parse(answer).replies[0]!;
      // The actor dies before its commit.
      if (!reply?.chosen || random() < 0.15) return undefined;
      await moment();
      const audit = [{ entries: commandEntries(request, reply) }];
      await publisher.publish(subjects.audit(customerId, "contact"), JSON.stringify({ records: audit }), {
        msgId: `${request.decisionId}:a`,
      });
      return request;
    };
    const gate = async (
      request: EvaluateRequest,
      channel: Channel,
      attempt: number,
      delivery: { delivery: string; redelivered: boolean; publishedAt: number },
    ): Promise<GateReply | undefined> => {
      const asked = {
        commandId: commandId(request.decisionId),
        reservationId: request.decisionId,
        customerId,
        action: "offer",
        purpose: request.options[0]!.purpose,
        channel,
        attempt,
        at,
        ...delivery,
      };
      for (let tries = 0; tries < 40; tries++) {
        const answer = await client.call(rpc.gate, asked, { timeoutMs: 400 }).catch(() => undefined);
        if (answer !== undefined) return gateReplyV1.parse(answer);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return undefined;
    };
    for (let n = 0; n < DECISIONS; n++) {
      const asked = await Promise.all(Array.from({ length: random() < 0.4 ? 3 : 1 }, (_, k) => ask(n, k)));
      const publishedAt = Date.now();
      for (const request of asked) {
        if (!request) continue;
        await moment();
        const { purpose, channels } = request.options[0]!;
        const debt = request.about?.debt;
        const { decisionId } = request;
        for (const [attempt, channel] of channels.entries()) {
          const first = { delivery: `CMD:${attempt}:1`, redelivered: false, publishedAt };
          const answer = await gate(request, channel, attempt, first);
          if (answer?.answer === "go") {
            sent.push({ decisionId, at, purpose, debt, channel });
            if (random() < 0.3) {
              const again = { ...first, delivery: `CMD:${attempt}:2`, redelivered: true };
              expect((await gate(request, channel, attempt, again))?.answer).not.toBe("go");
            }
            if (random() < 0.7) break;
            // No receipt: on to the fallback.
            continue;
          }
          if (answer?.answer === "stop" && attempt === 0) {
            const data = {
              commandId: commandId(decisionId),
              decisionId,
              reservationId: decisionId,
              action: "offer",
              kind: "suppressed",
              channel,
              tried: [],
              reason: answer.reason,
            };
            await event(
              customerId,
              "outcome.suppressed",
              data,
              outcomeEventId(data.commandId, "suppressed"),
              at,
            );
          }
          break;
        }
      }
      at += Math.floor(random() * 8) * HOUR;
    }
    return sent;
  }

  /** Windows with more contacts than a cap allows. */
  function tooMany(sent: readonly Sent[], cap: Cap): string[] {
    const debts = cap.per ? ["a", "b"] : [undefined];
    return debts.flatMap((debt) => {
      const counted = sent.filter(
        (s) =>
          (cap.purpose === undefined || s.purpose === cap.purpose) &&
          (debt === undefined || s.debt === debt) &&
          (cap.channels ? cap.channels.includes(s.channel) : isContact(s.channel)),
      );
      return counted.flatMap(({ at }) => {
        const { from, to } = cap.calendar
          ? calendarWindow(cap.calendar, at, PRAGUE)
          : { from: at, to: at + cap.periodMs };
        const within = counted.filter((s) => s.at >= from && s.at < to);
        // A contact with its fallbacks is one, unless the cap is about channels.
        const n = cap.channels ? within.length : new Set(within.map((s) => s.decisionId)).size;
        return n > cap.count ? [`${cap.rule} from ${new Date(from).toISOString()}: ${n}`] : [];
      });
    });
  }

  it("never lets more go than a cap allows, rolling or of the calendar, per debt and channel (I6)", async () => {
    const redis = new Redis(servers.redis.url, { maxRetriesPerRequest: 0, enableOfflineQueue: false });
    redis.on("error", () => undefined);
    const chance = seededRandom(seed);
    const happened = new Map<string, number>();
    let over = false;
    const again = async (act: () => Promise<string>, pauseMs: number): Promise<void> => {
      while (!over) {
        const what = await act();
        happened.set(what, (happened.get(what) ?? 0) + 1);
        await new Promise((resolve) => setTimeout(resolve, pauseMs * chance()));
      }
    };
    const flush = async (): Promise<string> =>
      redis.flushall().then(
        () => "flush",
        () => "flush without Redis",
      );
    const chaos = Promise.all([again(() => misfortune(chance), 300), again(flush, 160)]);
    const lives = await Promise.all(
      Array.from({ length: CUSTOMERS }, (_, i) => live(`c-${i}`, seededRandom(seed + 1 + i))),
    ).finally(() => {
      over = true;
    });
    await chaos;
    redis.disconnect();
    const packs = loadPolicyPacks(dir);
    const caps = (["marketing", "collections"] as const).flatMap((p) => packCaps(packs, p));
    const wrong = lives.flatMap((sent, i) =>
      caps.flatMap((cap) => tooMany(sent, cap).map((w) => `c-${i}: ${w}`)),
    );
    expect({ seed, wrong }).toEqual({ seed, wrong: [] });
    // It was no idle run.
    expect(lives.flat().length).toBeGreaterThan(3 * CUSTOMERS);
    process.stdout.write(
      `seed ${seed}: ${lives.flat().length} contacts, ${[...happened].map(([k, n]) => `${n} × ${k}`).join(", ")}\n`,
    );
  }, 150_000);
});
