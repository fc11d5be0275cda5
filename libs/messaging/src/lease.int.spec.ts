/** A lease has one holder: the next has it at once when it is given up, and soon when its holder dies. */
import { connect } from "@nats-io/transport-node";
import { eventually, startServers, type TestServers } from "#testing";
import { Lease } from "./lease.js";
import { LEASE_TTL_MS } from "./provision.js";

describe("a lease", () => {
  let servers: TestServers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => servers.stop());

  it("is taken by one, and by the next when it is given up", async () => {
    const [a, b] = [new Lease(servers.nc, "given-up", "a"), new Lease(servers.nc, "given-up", "b")];
    a.start();
    await eventually("the first to hold it", () => a.held);
    b.start();
    // Longer than it takes b to ask, and longer than a lease that is not renewed.
    await eventually("time to pass", after(LEASE_TTL_MS + 500), 2 * LEASE_TTL_MS);
    expect([a.held, b.held]).toEqual([true, false]);
    await a.stop();
    expect(a.held).toBe(false);
    await eventually("the second to hold it", () => b.held, 3_000);
    await b.stop();
  });

  it("runs out when its holder cannot renew it, who knows that as soon as the others", async () => {
    const own = await connect({ servers: servers.nats.url });
    const [dying, next] = [new Lease(own, "dying", "a"), new Lease(servers.nc, "dying", "b")];
    dying.start();
    await eventually("the first to hold it", () => dying.held);
    next.start();
    await own.close();
    await eventually("the second to hold it", () => next.held, 3 * LEASE_TTL_MS);
    expect(dying.held).toBe(false);
    await next.stop();
    await dying.stop();
  });
});

function after(ms: number): () => boolean {
  const until = performance.now() + ms;
  return () => performance.now() >= until;
}
