/** The token bucket that processes share, in a real Redis. */
import { Redis } from "ioredis";
import { startServers, type TestServers } from "#testing";
import { SharedRateLimit } from "./rate-limit.js";

let servers: TestServers;
let redis: Redis;
let other: Redis;

beforeAll(async () => {
  servers = await startServers();
  redis = new Redis(servers.redis.url);
  other = new Redis(servers.redis.url);
}, 30_000);
afterAll(async () => {
  redis?.disconnect();
  other?.disconnect();
  await servers?.stop();
});

describe("a provider's rate", () => {
  it("is one for all processes, turn by turn", async () => {
    const rate = { perSecond: 10, burst: 3 };
    const limits = [new SharedRateLimit(redis, "p", rate), new SharedRateLimit(other, "p", rate)];
    const waits = await Promise.all(Array.from({ length: 10 }, (_, i) => limits[i % 2]!.turn(500)));
    const given = waits.filter((w): w is number => w !== undefined).sort((a, b) => a - b);
    // Three at once, then one per 100 ms within half a second.
    expect(given).toHaveLength(8);
    expect(given.slice(0, 3)).toEqual([0, 0, 0]);
    expect(given.at(-1)).toBeGreaterThan(400);
    expect(waits.filter((w) => w === undefined)).toHaveLength(2);
  });

  it("is kept by each process for itself while Redis is away", async () => {
    const away = new Redis({
      port: 1,
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
    });
    away.on("error", () => undefined);
    const limit = new SharedRateLimit(away, "q", { perSecond: 10, burst: 1 });
    expect([await limit.turn(0), await limit.turn(0)]).toEqual([0, undefined]);
    away.disconnect();
  });
});
