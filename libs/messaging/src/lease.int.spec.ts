/** A lease has one holder: the next has it at once when it is given up, and soon when its holder dies. */
import { connect } from "@nats-io/transport-node";
import { eventually, startServers, type TestServers } from "#testing";
import { Lease } from "./lease.js";
import { LEASE_TTL_MS } from "./provision.js";

describe("a lease", () => {
  let servers: TestServers;
  let held: Lease;
  let waiting: Lease;
  let waitingSince: number;
  beforeAll(async () => {
    servers = await startServers();
    [held, waiting] = [new Lease(servers.nc, "kept", "a"), new Lease(servers.nc, "kept", "b")];
    held.start();
    await eventually("the first to hold it", () => held.held);
    waiting.start();
    waitingSince = performance.now();
  });
  afterAll(async () => {
    await Promise.all([held.stop(), waiting.stop()]);
    await servers.stop();
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

  it("is kept by one who renews it, and has the next when it is given up", async () => {
    // Longer than it takes the other to ask, and longer than a lease that is not renewed.
    const longEnough = (): boolean => performance.now() - waitingSince > LEASE_TTL_MS + 500;
    await eventually("time to pass", longEnough, 2 * LEASE_TTL_MS);
    expect([held.held, waiting.held]).toEqual([true, false]);
    await held.stop();
    expect(held.held).toBe(false);
    await eventually("the second to hold it", () => waiting.held, 3_000);
  });
});
