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
    for (const c of [...channelConsumers("push"), ...channelConsumers("sms")]) {
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
    const faults = { SANDBOX_FAULTS: "sms=lost,email=deliver" };
    const commands = Array.from({ length: 60 }, () => {
      const command = bench.command(["sms", "email"]);
      return {
        ...command,
        plan: command.plan.map((leg) => ({ ...leg, receiptTimeoutMs: leg.channel === "sms" ? 150 : 60_000 })),
      };
    });
    let process_ = start(faults);
    for (const [i, command] of commands.entries()) {
      await bench.order(command);
      if (i % 15 === 7) {
        await eventually(`sends up to ${i}`, () =>
          commands.slice(0, i).some((c) => bench.ledger(c).length === 1 && c !== commands[0]),
        );
        await process_.kill();
        process_ = start(faults);
      }
    }
    const kinds: string[] = [];
    for (const command of commands) kinds.push((await bench.ended(command, 30_000)).outcome.kind);
    await eventually("all acknowledged", () => bench.idle("push", "sms", "email"));
    for (const command of commands) {
      await bench.ended(command);
      const legs = bench.ledger(command).map((l) => `${l.attempt}`);
      expect(new Set(legs).size).toBe(legs.length);
    }
    expect(new Set(kinds)).toEqual(
      new Set(kinds.includes("unknown") ? ["delivered", "unknown"] : ["delivered"]),
    );
    await process_.stop();
    expect((await process_.exited).code).toBe(0);
  }, 60_000);
});
