import { randomUUID } from "node:crypto";
import { jetstreamManager } from "@nats-io/jetstream";
import { wallClock } from "#clock";
import { subjects } from "#contracts";
import { Publisher, sleep } from "#messaging";
import { eventually, startServers, type TestServers } from "#testing";
import type { PolicyIndex } from "./policy-index.store.js";
import { ProfileTail } from "./profile-tail.consumer.js";
import { RecentProfileEvents } from "./recent-profile-events.js";

describe("the policy tail, on real NATS", () => {
  let servers: TestServers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => servers.stop());

  /** Publishes that many opt-outs; resolves when they are acknowledged. */
  async function optOuts(count: number): Promise<void> {
    const publisher = new Publisher(servers.nc);
    for (let n = 0; n < count; n++) {
      const id = randomUUID();
      const data = { purpose: "marketing", channel: "*", granted: false };
      const type = "consent.changed";
      const event = { specversion: "1.0", id, source: "core", type, subject: "c1", data };
      await publisher.publish(subjects.bank("core", "c1", type), JSON.stringify(event), { msgId: id });
    }
  }

  /** A tail over an index whose folds do this. */
  async function tailOver(position: number | undefined, fold: () => Promise<void>): Promise<ProfileTail> {
    const index = {
      position: () => Promise.resolve(position),
      movePosition: () => Promise.resolve(),
      fold,
    };
    const tail = new ProfileTail({
      nc: servers.nc,
      index: index as unknown as PolicyIndex,
      recent: new RecentProfileEvents(),
      limits: { giveBack: () => Promise.resolve() },
      clock: wallClock,
      log: { warn: () => undefined },
    });
    await tail.start();
    return tail;
  }

  it("has caught up, and is fresh, only when what was stored before the start is applied (I7)", async () => {
    await optOuts(20);
    let applied = 0;
    const tail = await tailOver(0, async () => {
      await sleep(10);
      applied++;
    });
    await eventually("caught up", () => tail.caughtUp || tail.fresh);
    expect(applied).toBe(20);
    await tail.stop();
  });

  it("stays fresh after a burst of events that it was slow to take (I7)", async () => {
    const tail = await tailOver(undefined, () => sleep(1));
    await eventually("fresh", () => tail.caughtUp && tail.fresh);
    await Promise.all(Array.from({ length: 32 }, () => optOuts(15)));
    await eventually("the burst to be applied", () => tail.fresh);
    await sleep(1_700);
    expect(tail.fresh).toBe(true);
    await tail.stop();
  }, 20_000);

  it("is not fresh while an event waits for the index, whatever the heartbeats say (I7)", async () => {
    let release = (): void => undefined;
    const blocked = new Promise<void>((resolve) => (release = resolve));
    const tail = await tailOver(undefined, () => blocked);
    await eventually("fresh", () => tail.caughtUp && tail.fresh);
    await optOuts(1);
    await sleep(1_700);
    expect(tail.fresh).toBe(false);
    release();
    await eventually("fresh again", () => tail.fresh);
    await tail.stop();
  });

  it("is fresh again when its consumer was lost, or pulls anew, and nothing has come since (I7)", async () => {
    const tail = await tailOver(undefined, () => Promise.resolve());
    await optOuts(1);
    await eventually("fresh", () => tail.caughtUp && tail.fresh);
    const jsm = await jetstreamManager(servers.nc);
    for await (const { name } of jsm.consumers.list("EVT")) {
      if (!name.startsWith("actor-")) await jsm.consumers.delete("EVT", name);
    }
    await eventually("the loss to be noticed", () => !tail.fresh);
    await eventually("fresh again", () => tail.fresh);
    // And not for a moment only; a busy machine may hold one heartbeat back.
    let fresh = 0;
    for (let i = 0; i < 20; i++) {
      await sleep(100);
      if (tail.fresh) fresh++;
    }
    expect(fresh).toBeGreaterThan(12);
    await tail.stop();
  });

  it("is not fresh when it starts again and again without getting past an event (I7)", async () => {
    const tail = await tailOver(undefined, () =>
      Promise.reject(new Error("a stored profile cannot be read")),
    );
    await eventually("fresh", () => tail.caughtUp && tail.fresh);
    await optOuts(1);
    await sleep(1_700);
    expect(tail.fresh).toBe(false);
    await tail.stop();
  });
});
