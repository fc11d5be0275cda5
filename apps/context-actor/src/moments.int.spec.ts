/** Moments at the context actor: a real process on real NATS; the gateway and the decision service are played by the test. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import {
  commandV1,
  decisionRunV1,
  momentHeaders,
  momentReplyV1,
  rpc,
  subjects,
  type Command,
  type MomentReply,
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

const JOURNEYS = {
  "offer.yaml": `
kind: Journey
id: offer
version: 1
description: an offer in the app
purpose: service
trigger: { event: transfer.initiated }
entry: { rule: after-exit }
steps:
  - { id: offer, type: decide, actions: [keep], channels: [inapp], defer: false, otherwise: silent }
  - { id: silent, type: exit, reason: silent }
`,
  "slow.yaml": `
kind: Journey
id: slow
version: 1
description: its decision takes as long as the test wants
purpose: service
trigger: { event: slow.event }
entry: { rule: after-exit }
steps:
  - { id: ask, type: decide, actions: [keep], channels: [inapp], defer: false, otherwise: silent }
  - { id: silent, type: exit, reason: silent }
`,
};
const CATALOGUE = `
kind: Catalogue
id: test
version: 1
description: for this test
actions:
  - { id: keep, description: d, purpose: service, value: 1, treatments: [{ channel: inapp, title: t, body: b }] }
`;

describe("moments at the context actor", () => {
  let servers: TestServers;
  let actor: RunningService;
  let publisher: Publisher;
  let stopDeciding: () => void;
  /** Decisions about slow events wait for these, one after the other. */
  const slow: (() => void)[] = [];
  let n = 0;

  beforeAll(async () => {
    servers = await startServers();
    publisher = new Publisher(servers.nc);
    const definitions = join(servers.dir, "definitions");
    for (const folder of ["journeys", "catalogue"]) mkdirSync(join(definitions, folder), { recursive: true });
    for (const [name, text] of Object.entries(JOURNEYS))
      writeFileSync(join(definitions, "journeys", name), text);
    writeFileSync(join(definitions, "catalogue", "test.yaml"), CATALOGUE);
    stopDeciding = respond<unknown>(servers.nc, rpc.decide, async (data) => {
      const request = decisionRunV1.parse(data).requests[0]!;
      if (request.moment.type === "slow.event") await new Promise<void>((resolve) => slow.push(resolve));
      const { decisionId } = request;
      const reply = request.moment.data["say"]
        ? permitAll(request)
        : { kind: "none", decisionId, reason: "cap_reached" };
      return { answers: [{ reply, explanation: '{"explanations":[],"verdicts":[],"versions":{}}' }] };
    });
    actor = await startService("context-actor", {
      natsUrl: servers.nats.url,
      redisUrl: servers.redis.url,
      env: { SEGUE_DEFINITIONS_DIR: definitions },
    });
  }, 40_000);
  afterAll(async () => {
    stopDeciding?.();
    await actor?.child.stop();
    await servers?.stop();
  });

  const publish = async (
    customer: string,
    type: string,
    data: object,
    headers: Record<string, string> = {},
    id = `e${++n}`,
  ): Promise<void> => {
    const event = { specversion: "1.0", id, source: "core", type, subject: customer, data };
    await publisher.publish(subjects.bank("core", customer, type), JSON.stringify(event), {
      msgId: `m${++n}`,
      headers,
    });
  };

  /** A caller who waits. */
  const caller = (
    leftMs = 10_000,
  ): { headers: Record<string, string>; replies: MomentReply[]; to: string } => {
    const to = subjects.momentReply("test", ++n);
    const replies: MomentReply[] = [];
    servers.nc.subscribe(to, { callback: (_, m) => void replies.push(momentReplyV1.parse(m.json())) });
    const deadline = String(Date.now() + leftMs);
    return { headers: { [momentHeaders.replyTo]: to, [momentHeaders.deadline]: deadline }, replies, to };
  };

  async function commandOf(customer: string): Promise<Command> {
    const jsm = await jetstreamManager(servers.nc);
    return eventually("the command", async () => {
      const m = await jsm.streams
        .getMessage("CMD", { last_by_subj: subjects.cmd("inapp", customer) })
        .catch(() => null);
      return m ? commandV1.parse(m.json()) : undefined;
    });
  }

  it("tells the caller why there is nothing, after its commit; a duplicate too", async () => {
    const first = caller();
    await publish("c1", "transfer.initiated", {}, first.headers, "same");
    await eventually("an answer", () => first.replies.length > 0);
    expect(first.replies).toEqual([{ decision: null, reason: "cap_reached" }]);
    const again = caller();
    await publish("c1", "transfer.initiated", {}, again.headers, "same");
    await eventually("an answer", () => again.replies.length > 0);
    expect(again.replies).toEqual([{ decision: null, reason: "duplicate" }]);
    const other = caller();
    await publish("c1", "nobody.asks", {}, other.headers);
    await eventually("an answer", () => other.replies.length > 0);
    expect(other.replies).toEqual([{ decision: null, reason: "none" }]);
  });

  it("leaves the answer to the in-app channel when it orders one, and hands it the caller", async () => {
    const { headers, replies, to } = caller();
    await publish("c2", "transfer.initiated", { say: true }, headers);
    const command = await commandOf("c2");
    expect(command.replyTo).toBe(to);
    expect(command.expiresAt).toBeLessThanOrEqual(Number(headers[momentHeaders.deadline]) + 1);
    expect(command.validUntil).toBeGreaterThan(command.expiresAt);
    await servers.nc.flush();
    expect(replies).toEqual([]);
  });

  it("says nothing in the app when the deadline has passed before", async () => {
    const { headers, replies } = caller(-1);
    await publish("c3", "transfer.initiated", { say: true }, headers);
    const open = caller();
    await publish("c3", "nobody.asks", {}, open.headers);
    await eventually("the events behind", () => open.replies.length > 0);
    expect(replies).toEqual([]);
    const jsm = await jetstreamManager(servers.nc);
    expect(
      await jsm.streams.getMessage("CMD", { last_by_subj: subjects.cmd("inapp", "c3") }).catch(() => null),
    ).toBeNull();
  });

  it("sends nothing to where no gateway waits, whatever the headers say", async () => {
    const to = "bank.core.c9.forged";
    await publish(
      "c4",
      "transfer.initiated",
      { say: true },
      {
        [momentHeaders.replyTo]: to,
        [momentHeaders.deadline]: String(Date.now() + 10_000),
      },
    );
    expect((await commandOf("c4")).replyTo).toBeUndefined();
  });

  it("is not kept waiting by the events behind it", async () => {
    const { headers, replies } = caller();
    // While the first waits for its decision, the others gather in the mailbox and would share a commit.
    await publish("c5", "slow.event", {});
    await eventually("the first to ask", () => slow.length === 1);
    await publish("c5", "transfer.initiated", {}, headers);
    await publish("c5", "slow.event", {});
    const others = caller();
    await publish("c6", "nobody.asks", {}, others.headers);
    await eventually("all of them read", () => others.replies.length > 0);
    slow.shift()!();
    await eventually("the last to ask", () => slow.length === 1);
    expect(replies).toEqual([{ decision: null, reason: "cap_reached" }]);
    slow.shift()!();
  });
});
