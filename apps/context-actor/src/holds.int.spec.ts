import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import {
  contextV1,
  decisionRunV1,
  partitionOf,
  rpc,
  subjects,
  TIMER_STREAM,
  type Context,
  type DecisionRequest,
} from "#contracts";
import { Publisher } from "#messaging";
import {
  eventually,
  permitAll,
  respond,
  startServers,
  startService,
  type RunningService,
  type TestServers,
} from "#testing";

const WAIT_MS = 2_000;
const FILES = {
  journeys: `
kind: Journey
id: offer
version: 1
description: waits, then offers
purpose: marketing
cap: { contacts: 9, period: 30d }
trigger: { event: app.opened }
entry: { rule: after-exit }
steps:
  - { id: pause, type: wait, atMost: ${WAIT_MS}ms, onTimeout: offer }
  - { id: offer, type: send, action: offer, next: done, otherwise: done }
  - { id: done, type: exit, reason: done }
`,
  catalogue: `
kind: Catalogue
id: test
version: 1
description: for this test
actions:
  - { id: offer, description: d, purpose: marketing, value: 1, treatments: [{ channel: push, title: t, body: b }] }
`,
  signals: `
kind: Signals
id: test
version: 1
description: for this test
windows:
  - { id: opened-1h, event: app.opened, measure: count, window: 1h }
`,
};

describe("a journey that a hold pauses: a real process on real NATS", () => {
  let servers: TestServers;
  let actor: RunningService;
  let publisher: Publisher;
  let jsm: JetStreamManager;
  let stopDeciding: () => void;
  const asked: DecisionRequest[] = [];

  beforeAll(async () => {
    servers = await startServers();
    publisher = new Publisher(servers.nc);
    jsm = await jetstreamManager(servers.nc);
    for (const [folder, text] of Object.entries(FILES)) {
      mkdirSync(join(servers.dir, "definitions", folder), { recursive: true });
      writeFileSync(join(servers.dir, "definitions", folder, "test.yaml"), text);
    }
    stopDeciding = respond<unknown>(servers.nc, rpc.decide, (data) => {
      const request = decisionRunV1.parse(data).requests[0]!;
      asked.push(request);
      const explanation = '{"explanations":[],"verdicts":[],"versions":{}}';
      return { answers: [{ reply: permitAll(request), explanation }] };
    });
    actor = await startService("context-actor", {
      natsUrl: servers.nats.url,
      redisUrl: servers.redis.url,
      env: { SEGUE_DEFINITIONS_DIR: join(servers.dir, "definitions") },
    });
  }, 40_000);
  afterAll(async () => {
    stopDeciding?.();
    await actor?.child.stop();
    await servers?.stop();
  });

  let n = 0;
  async function send(customer: string, type: string, data: object = {}): Promise<number> {
    const id = `e${++n}`;
    const event = { specversion: "1.0", id, source: "core", type, subject: customer, data };
    const written = await publisher.publish(subjects.bank("core", customer, type), JSON.stringify(event), {
      msgId: id,
      headers: {},
    });
    if (written.kind !== "written") throw new Error("conflict");
    return written.seq;
  }
  const handled = (customer: string, seq: number): Promise<Context> =>
    eventually(`event ${seq} in the context`, async () => {
      const m = await jsm.direct
        .getMessage("CTX", { last_by_subj: subjects.ctx(customer) })
        .catch(() => null);
      const c = m ? contextV1.parse(m.json()) : undefined;
      return c && c.watermark >= seq ? c : undefined;
    });
  /** Waits of a customer whose timers are pending. */
  async function pending(customer: string): Promise<string[]> {
    const filter = `timer.${partitionOf(customer)}.${customer}.>`;
    const { state } = await jsm.streams.info(TIMER_STREAM, { subjects_filter: filter });
    return Object.keys(state.subjects ?? {}).map((s) => s.split(".").at(-1)!);
  }
  const ofCustomer = (customer: string): DecisionRequest[] => asked.filter((r) => r.customerId === customer);

  it("keeps the time that was left, takes its timer down, and goes on when the hold is lifted", async () => {
    await handled("held", await send("held", "app.opened"));
    expect(await pending("held")).toHaveLength(1);
    const paused = await handled("held", await send("held", "hold.placed", { kind: "fraud" }));
    const { wait, since } = paused.journeys[0]!.paused!;
    expect(wait!.remainingMs).toBe(paused.journeys[0]!.enteredAt + WAIT_MS - since);
    await eventually("the timer to be taken down", async () => (await pending("held")).length === 0);
    await eventually("the wait's time to be over", () =>
      Promise.resolve(Date.now() > paused.journeys[0]!.enteredAt + WAIT_MS + 500),
    );
    expect(ofCustomer("held")).toEqual([]);
    const lifted = await handled("held", await send("held", "hold.lifted", { kind: "fraud" }));
    expect(lifted.journeys[0]?.wait?.dueAt).toBe(lifted.now + wait!.remainingMs);
    await eventually("the offer", () => Promise.resolve(ofCustomer("held").length === 1));
    expect(ofCustomer("held")[0]?.at).toBe(lifted.now + wait!.remainingMs);
    expect(ofCustomer("held")[0]?.context.windows).toEqual({ "opened-1h": 1 });
  }, 20_000);

  it("goes on by itself when the end of the hold has come, with the time that was left", async () => {
    await handled("ending", await send("ending", "app.opened"));
    const until = Date.now() + 1_000;
    const hold = { kind: "moratorium", until: new Date(until).toISOString() };
    const paused = await handled("ending", await send("ending", "hold.placed", hold));
    const { reason, wait } = paused.journeys[0]!.paused!;
    expect(reason).toBe("hold_moratorium");
    await eventually(
      "the timer of the hold's end alone",
      async () => (await pending("ending")).join() === "look",
    );
    await eventually("the offer", () => Promise.resolve(ofCustomer("ending").length === 1));
    expect(ofCustomer("ending")[0]!.at).toBeGreaterThanOrEqual(until + wait!.remainingMs);
  }, 20_000);

  it("ends at a STOP in a reply", async () => {
    await send("stopped", "app.opened");
    const stop = { channel: "sms", text: "Stop!", address: "phone-1" };
    const { journeys, profile } = await handled("stopped", await send("stopped", "message.received", stop));
    expect(journeys).toEqual([]);
    expect(profile.consentsAt).toEqual({ "marketing.sms.phone-1": false, "marketing.ivr.phone-1": false });
  });

  it("has its timer also when the hold comes and goes within one run of events", async () => {
    await send("brief", "app.opened");
    await send("brief", "hold.placed", { kind: "fraud" });
    const { journeys } = await handled("brief", await send("brief", "hold.lifted", { kind: "fraud" }));
    expect(journeys[0]?.status).toBe("waiting");
    await eventually("the offer", () => Promise.resolve(ofCustomer("brief").length === 1));
  }, 20_000);
});
