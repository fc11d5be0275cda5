/** The channel service with two message centres for SMS, each a process of its own. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { streamOf, subjects, type CloudEvent, type Command } from "#contracts";
import { lastStored } from "#messaging";
import type { Service } from "#service";
import { eventually } from "#testing";
import { Centre } from "../testing/centre-process.js";
import { ChannelBench } from "../testing/channel-bench.js";

let bench: ChannelBench;
let service: Service;
const first = new Centre();
const second = new Centre();

const outcomeOf = async (command: Command): Promise<string> =>
  eventually("an outcome", async () => {
    const [one] = await bench.outcomes(command);
    return one && `${one.outcome.kind} ${one.outcome.reason}`;
  });

beforeAll(async () => {
  bench = await ChannelBench.open();
  await Promise.all([first.start(), second.start()]);
  const file = join(bench.servers.dir, "channels.yaml");
  const provider = (id: string, weight: number, port: number): string =>
    `    - { id: ${id}, weight: ${weight}, protocol: smpp, url: "smpp://segue:\${SMS_PASSWORD}@127.0.0.1:${port}", from: "12345", rate: { perSecond: 200, burst: 20 } }`;
  writeFileSync(
    file,
    `kind: Channels\nproviders:\n  sms:\n${provider("first", 1, first.port)}\n${provider("second", 0, second.port)}\n`,
  );
  service = await bench.start({
    CHANNELS: "sms",
    CHANNELS_FILE: file,
    SMS_PASSWORD: "secret",
    REDIS_URL: bench.servers.redis.url,
  });
  await eventually("the links", () => first.count("bound") > 0 && second.count("bound") > 0);
}, 60_000);

afterAll(async () => {
  await service?.stop();
  await Promise.all([first.kill(), second.kill()]);
  await bench?.close();
});

describe("SMS by two message centres", () => {
  it("goes by the first, and its receipt is the outcome", async () => {
    const command = bench.command(["sms"]);
    await bench.order(command);
    expect(await outcomeOf(command)).toBe("delivered receipt");
    expect(first.count("submitted")).toBe(1);
  });

  it("what the customer answers is an event of the customer, in their own order", async () => {
    const { customerId } = bench.command(["sms"], { customerId: "cust-1" });
    const from = first.reports.flatMap((r) => (r.kind === "submitted" ? [r.to] : []))[0]!;
    first.tell({ kind: "text-to-us", from, text: "STOP" });
    const jsm = await jetstreamManager(bench.servers.nc);
    const event = await eventually("the event", async () =>
      (
        await lastStored(
          jsm.direct,
          streamOf("EVT", 0),
          subjects.evtOfCustomerType(customerId, "message.received"),
        )
      )?.json<CloudEvent>(),
    );
    expect(event).toMatchObject({
      subject: customerId,
      source: "channels",
      data: { channel: "sms", text: "STOP" },
    });
  });

  it("goes by the second when the first is gone, and is said once", async () => {
    await first.kill();
    const commands = Array.from({ length: 3 }, () => bench.command(["sms"]));
    for (const command of commands) await bench.order(command);
    for (const command of commands) expect(await outcomeOf(command)).toBe("delivered receipt");
    expect(second.count("submitted")).toBe(3);
  });
});
