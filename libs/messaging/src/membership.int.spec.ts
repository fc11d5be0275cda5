import { ALL_PARTITIONS } from "#contracts";
import { connectNats, LEASE_TTL_MS, Membership, ownersOf } from "#messaging";
import { eventually, startServers, type TestServers } from "#testing";

describe("who owns which partition", () => {
  const counts = (owners: readonly string[]): number[] =>
    [...new Set(owners)].map((m) => owners.filter((o) => o === m).length);

  it("is the same whoever asks, and nobody holds more than an even share", () => {
    expect(ownersOf(["c", "a", "b"])).toEqual(ownersOf(["a", "b", "c"]));
    for (let n = 1; n <= ALL_PARTITIONS.length; n++) {
      const owners = ownersOf(Array.from({ length: n }, (_, i) => `actor-${i}`));
      expect(owners).toHaveLength(ALL_PARTITIONS.length);
      expect(Math.max(...counts(owners))).toBeLessThanOrEqual(Math.ceil(ALL_PARTITIONS.length / n));
    }
    expect(ownersOf([])).toEqual([]);
  });

  it("changes little when a member leaves", () => {
    const before = ownersOf(["a", "b", "c", "d"]);
    const after = ownersOf(["a", "b", "c"]);
    const moved = before.filter((owner, p) => owner !== "d" && after[p] !== owner);
    expect(moved.length).toBeLessThanOrEqual(ALL_PARTITIONS.length / 4);
  });
});

describe("membership on a real nats-server", () => {
  let servers: TestServers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => servers.stop());

  it("sees others come, hold and leave, and drops one that falls silent after its lease", async () => {
    const silentConnection = await connectNats({ url: servers.nats.url, name: "silent" });
    const a = new Membership(servers.nc, "a", () => undefined);
    const b = new Membership(servers.nc, "b", () => undefined);
    const silent = new Membership(silentConnection, "s", () => undefined);
    await a.join();
    await b.join();
    await silent.join();
    await eventually("each to see all", () => [a, b, silent].every((m) => m.members().length === 3));
    await b.hold([1, 2]);
    await eventually("a to see what b holds", () => a.heldByOther(1) === "b");
    for (const p of ALL_PARTITIONS) {
      const owners = [a, b, silent].filter((m) => m.isMine(p));
      expect(owners).toHaveLength(1);
    }
    const since = performance.now();
    await silentConnection.close();
    await eventually("the silent one to be dropped", () => a.members().length === 2, LEASE_TTL_MS + 3_000);
    expect(performance.now() - since).toBeGreaterThan(LEASE_TTL_MS / 2);
    await eventually("the silent one to know it", () => silent.isFenced(), LEASE_TTL_MS + 3_000);
    await b.leave();
    await eventually("b gone at once", () => a.members().join() === "a", 1_000);
    await a.leave();
    await silent.leave();
  });
});
