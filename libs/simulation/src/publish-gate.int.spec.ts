import { Kvm } from "@nats-io/kv";
import { definitionKeys, subjects, type JourneyDefinition } from "#contracts";
import { loadJourneys } from "#definitions";
import { startServers, type TestServers } from "#testing";
import { streamGate } from "./publish-gate.js";
import { readLiveJourneys, readRecordedEvents } from "./stream-source.js";
import { event, registered } from "./given-simulation.js";

const CUSTOMERS = 130;

describe("the gate of a running installation", () => {
  let servers: TestServers;
  let leaving: JourneyDefinition;
  beforeAll(async () => {
    servers = await startServers();
    leaving = loadJourneys(".").find((j) => j.id === "balance-leaving")!;
    const kv = await new Kvm(servers.nc).open("definitions");
    await kv.put(definitionKeys.journey(leaving.id, leaving.version), JSON.stringify(leaving));
    const at = Date.now();
    for (let i = 0; i < CUSTOMERS; i++) {
      const c = `c${i}`;
      publish(c, { ...registered(c), time: new Date(at - 86_400_000).toISOString() });
      for (const [n, share] of [0.1, 0.1, 0.9].entries())
        publish(c, {
          ...event(c, "transfer.sent", at - (i % 10 === 0 ? 40_000 : 50_000) + n * 10_000, {
            amountMinor: Math.round(100_000 * (i % 10 === 0 ? share : 0.1)),
            balanceBeforeMinor: 100_000,
            currency: "CZK",
          }),
          id: `${c}-${n}`,
        });
    }
    await servers.nc.flush();
    await until(async () => (await stored()) === 4 * CUSTOMERS);
  });
  afterAll(() => servers.stop());

  const publish = (customer: string, body: Record<string, unknown>): void =>
    servers.nc.publish(subjects.bank("core", customer, String(body["type"])), JSON.stringify(body));
  const stored = async (): Promise<number> => {
    const reply = await servers.nc.request("$JS.API.STREAM.INFO.EVT");
    return reply.json<{ state: { messages: number } }>().state.messages;
  };

  it("reads what is live and what is recorded, in parts, without a consumer", async () => {
    expect((await readLiveJourneys(servers.nc)).map((j) => j.id)).toEqual(["balance-leaving"]);
    const recorded = await readRecordedEvents(servers.nc, { since: 0, until: Date.now() + 1_000 });
    expect(recorded).toMatchObject({ events: 4 * CUSTOMERS, unreadable: 0 });
    expect(recorded.customers).toHaveLength(CUSTOMERS);
    expect(await readRecordedEvents(servers.nc, { since: 0, until: 1 })).toMatchObject({
      events: 0,
      customers: [],
    });
    await expect(
      readRecordedEvents(servers.nc, { since: 0, until: Date.now() + 1_000, limit: 10 }),
    ).rejects.toThrow(/more than 10 events/);
  });

  it("knows what was told before, in the order in which it was", async () => {
    const before = (await stored()) + 3;
    const sms = { channel: "sms" };
    publish("early", event("early", "hold.placed", Date.now(), { kind: "complaint" }));
    publish("early", event("early", "message.received", Date.now(), { ...sms, text: "STOP" }));
    publish(
      "early",
      event("early", "consent.changed", Date.now(), { ...sms, purpose: "marketing", granted: true }),
    );
    await until(async () => (await stored()) === before);
    const since = Date.now() + 2;
    await until(async () => Date.now() > since);
    publish("early", event("early", "transfer.sent", Date.now()));
    await until(async () => (await stored()) === before + 1);
    const { customers } = await readRecordedEvents(servers.nc, { since, until: Date.now() + 1_000 });
    expect(customers.find((c) => c.customerId === "early")?.profile).toMatchObject({
      consents: { "marketing.sms": true, "marketing.ivr": false },
      holds: [{ kind: "complaint" }],
    });
  });

  it("lets an unchanged version through, and refuses one that contacts everyone", async () => {
    const gate = streamGate(servers.nc, { definitionsDir: ".", until: Date.now() + 1_000 });
    expect(await gate({ ...leaving, version: 9 })).toEqual([]);
    const { when: _when, ...everyone } = {
      ...leaving.trigger,
      event: ["transfer.sent", "customer.registered"],
    };
    const problems = await gate({ ...leaving, version: 9, trigger: everyone }, leaving);
    expect(problems.map((p) => p.split(":")[0])).toEqual(expect.arrayContaining(["maxShareContacted"]));
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error("waited 10 s for: the events stored");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
