/** A real channels process, killed between the provider's call and the record of what became of it. */
import { jetstreamManager } from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import { join } from "node:path";
import { startChild, type Child } from "#embedded";
import { channelConsumers } from "#contracts";
import { eventually } from "#testing";
import { ChannelBench } from "./testing/channel-bench.js";

const MAIN = join(import.meta.dirname, "main.js");

describe("kill -9 of a channels process", () => {
  let bench: ChannelBench;
  const children: Child[] = [];

  const start = (env: Readonly<Record<string, string>>): Child => {
    const child = startChild(process.execPath, [MAIN], {
      env: bench.env({ LOG_LEVEL: "warn", CHANNELS: "push,sms,email", ...env }),
    });
    children.push(child);
    return child;
  };

  beforeAll(async () => {
    bench = await ChannelBench.open();
    const jsm = await jetstreamManager(bench.servers.nc);
    // The dead process's messages come back after ack_wait: here after a second.
    for (const c of [...channelConsumers("push"), ...channelConsumers("sms"), ...channelConsumers("email")]) {
      await jsm.consumers.update(c.stream, c.name, { ack_wait: nanos(1_000) });
    }
  });
  afterAll(async () => {
    await Promise.all(children.map((c) => c.kill()));
    await bench.close();
  });

  it("ends as unknown after a crash between provider and record, and is never sent again (I8)", async () => {
    const command = bench.command(["push", "email"]);
    const first = start({ SANDBOX_FAULTS: "push=hang" });
    await bench.order(command);
    await eventually("the provider has the order", () => bench.ledger(command).length === 1);
    await first.kill();
    const second = start({ SANDBOX_FAULTS: "push=deliver,email=deliver" });
    expect((await bench.ended(command)).outcome).toMatchObject({
      kind: "unknown",
      channel: "push",
      reason: "interrupted",
    });
    await eventually("acknowledged", () => bench.idle("push", "email"));
    expect(bench.ledger(command)).toHaveLength(1);
    await second.stop();
    expect((await second.exited).code).toBe(0);
  });

  it("ends each of many commands exactly once, and sends each leg at most once, however often it is killed (I5, I8)", async () => {
    // `lost` keeps each SMS in hand until its receipt is given up, so that kills fall between send and record.
    const settings = {
      SANDBOX_FAULTS: "sms=lost,email=deliver",
      SEGUE_CLOCK: `replay:${Date.now()}:${Date.now()}:200`,
    };
    const commands = Array.from({ length: 60 }, () => bench.command(["sms", "email"]));
    const sends = (): number => commands.reduce((n, c) => n + bench.ledger(c).length, 0);
    for (const command of commands.slice(0, 40)) await bench.order(command);
    let process_ = start({ ...settings, CHANNEL_CONCURRENCY: "4" });
    for (let kill = 0; kill < 4; kill++) {
      const before = sends();
      await eventually(`sends of process ${kill}`, () => sends() >= before + 5 || undefined);
      await process_.kill();
      process_ = start({ ...settings, CHANNEL_CONCURRENCY: "4" });
      for (const command of commands.slice(40 + kill * 5, 45 + kill * 5)) await bench.order(command);
    }
    const kinds: string[] = [];
    for (const command of commands) kinds.push((await bench.ended(command, 30_000)).outcome.kind);
    await eventually("all acknowledged", () => bench.idle("push", "sms", "email"));
    for (const command of commands) {
      await bench.ended(command);
      const legs = bench.ledger(command).map((l) => `${l.attempt}`);
      expect(new Set(legs).size).toBe(legs.length);
    }
    expect(new Set(kinds)).toEqual(new Set(["delivered", "unknown"]));
    await process_.stop();
    expect((await process_.exited).code).toBe(0);
  }, 60_000);
});
