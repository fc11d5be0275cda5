import { Kvm } from "@nats-io/kv";
import { definitionKeys, type JourneyDefinition, type Problem } from "#contracts";
import { loadJourneys } from "#definitions";
import { connectNats, provision } from "#messaging";
import type { SimulationReport } from "#simulation";
import {
  anEvent,
  CLOUD_EVENTS,
  JSON_BODY,
  startGatewayUnderTest,
  type GatewayUnderTest,
} from "../testing/gateway-under-test.js";

const PATH = "/v1/journeys/simulate";
const DAY_MS = 86_400_000;

/** Customers of whom everything is known, a large transfer each. */
function events(n: number, at: number): Record<string, unknown>[] {
  return Array.from({ length: n }, (_, i) => i).flatMap((i) => [
    anEvent({
      subject: `c${i}`,
      type: "customer.registered",
      time: new Date(at - 60_000).toISOString(),
      data: {
        timezone: "Europe/Prague",
        consents: [{ purpose: "marketing", channel: "*", granted: true }],
      },
    }),
    anEvent({
      subject: `c${i}`,
      type: "transfer.sent",
      time: new Date(at).toISOString(),
      data: {
        amountMinor: 90_000_00,
        balanceBeforeMinor: 100_000_00,
        balanceMinor: 10_000_00,
        currency: "CZK",
      },
    }),
  ]);
}

describe("POST /v1/journeys/simulate", () => {
  let t: GatewayUnderTest;
  let leaving: JourneyDefinition;
  beforeAll(async () => {
    t = await startGatewayUnderTest({ SIMULATION_MAX_EVENTS: "1000" });
    leaving = loadJourneys(".").find((j) => j.id === "balance-leaving")!;
    const nc = await connectNats({ url: t.servers.nats.url, name: "test" });
    await provision(nc);
    const kv = await new Kvm(nc).open("definitions");
    await kv.put(definitionKeys.journey(leaving.id, leaving.version), JSON.stringify(leaving));
    await nc.close();
  });
  afterAll(() => t.stop());

  const post = (body: unknown): ReturnType<GatewayUnderTest["request"]> =>
    t.request("POST", PATH, { headers: JSON_BODY, body });
  const next = (): JourneyDefinition => ({ ...leaving, version: leaving.version + 1 });

  it("compares with what is published, over the events of the request", async () => {
    const at = Date.parse("2026-03-02T09:00:00Z");
    const answer = await post({ definition: next(), events: events(20, at) });
    expect(answer.status).toBe(200);
    const report = answer.json<SimulationReport>();
    expect(report).toMatchObject({
      candidate: { journey: "balance-leaving", version: leaving.version + 1 },
      published: { version: leaving.version },
      input: { events: 40, customers: 20 },
      difference: { gained: 0, lost: 0, changed: 0 },
      // Forty events are too few for the gate that ships.
      passes: false,
    });
    expect(report.difference.same).toBeGreaterThan(0);
  });

  it("takes the events of the stream, and leaves no consumer behind", async () => {
    const sent = await t.request("POST", "/v1/events", {
      headers: CLOUD_EVENTS,
      body: events(10, Date.now() - 1_000),
    });
    expect(sent.status).toBe(202);
    const before = await consumers(t);
    const since = new Date(Date.now() - DAY_MS).toISOString();
    const answer = await post({ definition: { ...next(), trigger: { event: "savings.opened" } }, since });
    expect(answer.json()).toMatchObject({
      input: { events: 20, customers: 10 },
      difference: { gained: 0, changed: 0 },
      before: { decisions: { act: expect.any(Number) } },
    });
    const report = answer.json<SimulationReport>();
    expect(report.difference.lost).toBe(report.before.decisions.act);
    expect(report.before.decisions.act + report.before.decisions.defer).toBeGreaterThan(0);
    expect(await consumers(t)).toBe(before);
  });

  it("knows consents from before the time that is simulated", async () => {
    const early = events(1, Date.now() - 2_000).map((e) => ({ ...e, subject: "early" }));
    await t.request("POST", "/v1/events", { headers: CLOUD_EVENTS, body: early.slice(0, 1) });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const since = new Date().toISOString();
    await t.request("POST", "/v1/events", { headers: CLOUD_EVENTS, body: early.slice(1) });
    const report = (await post({ definition: next(), since })).json<SimulationReport>();
    expect(report.input).toMatchObject({ events: 1, customers: 1 });
    const { act, defer, none } = report.before.decisions;
    expect({ spoken: act + defer, none }).toEqual({ spoken: 1, none: 0 });
  });

  it("names what is wrong with a definition, and where", async () => {
    const answer = await post({
      definition: { ...next(), steps: [{ id: "a", type: "decide", actions: ["no-such"], otherwise: "b" }] },
      events: [],
    });
    expect(answer.status).toBe(422);
    const problem = answer.json<Problem>();
    expect(problem.errors?.map((e) => e.pointer)).toEqual(
      expect.arrayContaining(["/definition/steps/0/actions/0", "/definition/steps/0/otherwise"]),
    );
  });

  it("refuses more events than it may take, none at all, and a request that says both", async () => {
    const many = await post({ definition: next(), events: events(501, 0) });
    expect([many.status, many.json<Problem>().detail]).toEqual([
      413,
      expect.stringMatching(/more than 1,000 events/),
    ]);
    const none = await post({ definition: next(), events: [{ id: "x" }] });
    expect([none.status, none.json<Problem>().errors?.[0]?.detail]).toEqual([
      422,
      expect.stringMatching(/^events\[0\]: not a CloudEvent/),
    ]);
    const both = await post({ definition: next(), events: [], since: new Date().toISOString() });
    expect(both.status).toBe(422);
  });
});

async function consumers(t: GatewayUnderTest): Promise<number> {
  const nc = await connectNats({ url: t.servers.nats.url, name: "test" });
  const reply = await nc.request("$JS.API.STREAM.INFO.EVT");
  await nc.close();
  return reply.json<{ state: { consumer_count: number } }>().state.consumer_count;
}
