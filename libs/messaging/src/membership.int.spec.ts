import { ALL_PARTITIONS } from "#contracts";
import { connectNats, LEASE_TTL_MS, Membership, ownerOf } from "#messaging";
import { eventually, startServers, type TestServers } from "#testing";

describe("rendezvous hashing", () => {
  it("spreads partitions and moves only the share of the member that comes or goes", () => {
    const three = ["a", "b", "c"];
    const owners = ALL_PARTITIONS.map((p) => ownerOf(p, three)!);
    for (const m of three) expect(owners.filter((o) => o === m).length).toBeGreaterThan(8);
    const two = ALL_PARTITIONS.map((p) => ownerOf(p, ["a", "b"])!);
    for (const p of ALL_PARTITIONS) if (owners[p] !== "c") expect(two[p]).toBe(owners[p]);
    expect(ownerOf(3, ["c", "a", "b"])).toBe(owners[3]);
    expect(ownerOf(3, [])).toBeUndefined();
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
